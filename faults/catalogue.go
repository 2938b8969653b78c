package faults

import "slices"

// Problem is one thing wrong with a part of a plan. Path is relative to the
// part and written as in YAML; Msg says what is wrong and what to do.
type Problem = struct{ Path, Msg string }

// Fault is one way to fail, with its parameters. Its struct is its YAML.
type Fault interface {
	// Name is the name in the catalogue.
	Name() string
	// Validate returns what is wrong with the parameters; paths are their keys.
	Validate() []Problem
	// Effect returns the slots that the fault fills, freshly allocated. It is
	// called for chosen attempts only, on parameters that are valid.
	Effect(Dice) Effect
}

// streamOnly is the optional power of a fault that means nothing for an answer
// in one piece: its rule is not eligible for such an attempt.
type streamOnly interface{ StreamOnly() bool }

// existing is the optional power of a fault whose parameters narrow the dialects
// and steps of its entry; nil: they do not.
type existing interface {
	Exists() (dialects, steps []string)
}

// existsIn returns the dialects and the kinds of step in which a fault exists
// with its parameters; nil: all.
func existsIn(f Fault) (dialects, steps []string) {
	e, _ := Lookup(f.Name())
	dialects, steps = e.Dialects, e.Steps
	if x, ok := f.(existing); ok {
		d, s := x.Exists()
		if d != nil {
			dialects = d
		}
		if s != nil {
			steps = s
		}
	}
	return dialects, steps
}

// arrivalOnly is the optional power of a fault that can only meet a connection
// that is just being accepted.
type arrivalOnly interface{ ArrivalOnly() bool }

// oneWay is the optional power of a fault of connections that is about one way
// through them, or about both: it leaves the slots of the other way alone.
type oneWay interface{ Way() Direction }

// Entry describes a fault of the catalogue.
type Entry struct {
	Name     string
	Summary  string    // one line
	Stage    string    // where it strikes: connection, headers, body, stream, model, quota
	Slots    Slots     // the slots that it may fill
	Doc      string    // what is on the wire, what a good client does, where it was seen
	Dialects []string  // the dialects in which it exists; nil: all
	Steps    []string  // the kinds of step in which it exists; nil: all
	Sockets  SocketUse // whether it exists for the responses of a socket
	New      func() Fault
}

// Catalogue returns the faults of calls to the provider, the user's own four
// families first. Those of a proxy's connections are [TCP].
func Catalogue() []Entry { return append([]Entry(nil), catalogue...) }

// Lookup returns the entry of that name, of either kind.
func Lookup(name string) (Entry, bool) {
	for _, list := range [][]Entry{catalogue, tcp} {
		for _, e := range list {
			if e.Name == name {
				return e, true
			}
		}
	}
	return Entry{}, false
}

// catalogue is the list of faults: a new one is a file and a line here.
var catalogue = append([]Entry{
	hangBeforeHeaders,
	stallMidStream,
	empty200,
	emptyChoices,
	reasoningBurn,
	lengthCut,
	emptyBody200,
	html502,
	cf520,
	html200,
	wrongContentType,
	invalidJSON,
	missingFields,
	rateLimit,
	poison429,
	quotaExhausted,
	slowDown,
	connRefuse,
	halfOpen,
	slowHeaders,
	lateSuccess,
	pingOnly,
	closeKeepalive,
	authFlap,
	slowTTFT,
	trickle,
	brownout,
	connResetPre,
	connResetMid,
	eofNoDone,
	eofNoBlankLine,
	eofAfterFinishNoDone,
	doneNoFinish,
	inStreamError,
	anyCut,
	toolArgsTruncated,
	toolArgsMalformed,
	toolMissingFirstFragment,
	toolDupIndex,
	toolLoop,
	chunkDuplicate,
	chunkCumulative,
	chunkLost,
	chunkReorder,
	utf8Split,
	utf8TokenSplit,
	frameSplit,
	frameCoalesce,
	wrongModel,
	stickyMisroute,
	wrongAnswer,
	contentFilter,
	contextExceeded,
	usageWrong,
	staleAnswer,
	crossAnswer,
	hugeOutput,
	runaway,
	loop,
	embedWrongDim,
	embedNaN,
	embedShort,
	embedOrder,
	rerankEmpty,
	rerankIndexOOB,
	wsClose,
}, httpStatuses()...)

// Unbuilt reports whether name is a known fault that does not exist yet, so
// that a plan can be told "not built yet" and not "unknown".
func Unbuilt(name string) bool { return slices.Contains(unbuilt, underscored(name)) }

// unbuilt are the rest of the reference catalogue.
var unbuilt = []string{
	"goaway", "h2_rst_stream",
}
