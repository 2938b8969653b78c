package loadgen

import "bytes"

// plainText is a body that is the answer. In an event stream the data is; each
// line is one, as in the many services that send words as they come.
var plainText = format{name: "text", ask: askOpenAI, event: readTextEvent}

// readTextEvent takes [DONE] for the end, not for content: services that are
// made after OpenAI's send it whatever else their events hold.
func readTextEvent(_ string, data []byte, a *answer) {
	if string(bytes.TrimSpace(data)) == doneData {
		a.terminate(doneData)
		return
	}
	a.content(data)
}
