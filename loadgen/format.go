package loadgen

// A format knows how one dialect is asked and how its answers are read. It is
// a file format_NAME.go and a line in the list below.
type format struct {
	name   string
	awaits string // the event that ends a stream; "" where the end of the body does
	// ask appends the body that is sent where the plan gives none.
	ask     func(dst []byte, d *askData) []byte
	headers []Header // that go with it
	// body reads the whole body of an answer of status 200 that is no event
	// stream. nil: the bytes are the content, as they come.
	body func(b []byte, a *answer)
	// event reads one event of an event stream.
	event func(event string, data []byte, a *answer)
}

// Names of formats that others mention.
const (
	formatOpenAI = "openai-chat"
	formatJSON   = "json"
)

// formats is the list of all formats, the default first.
var formats = []*format{&openAIChat, &anthropicMessages, &jsonBody, &plainText}

// Formats returns the names of all response formats, the default first.
func Formats() []string {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

// formatOf returns the format of that name, nil if there is none.
func formatOf(name string) *format {
	for _, f := range formats {
		if f.name == name {
			return f
		}
	}
	return nil
}
