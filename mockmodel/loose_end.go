package mockmodel

import (
	"bytes"
	"strings"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
)

// Endings of a stream that says everything and ends badly. What a dialect cannot
// leave out, as it is one with something else, is a miss.

// framing is how frames of a stream end.
type framing int

const (
	noLines    framing = iota // a length before them, a bracket behind the last, or messages of a socket
	plainLines                // each is a line
	eventLines                // lines, and a blank one behind them
)

// lineEnds returns how the frames of the stream end.
func (a *attempt) lineEnds() framing {
	media := a.media(true) // not the header, which a fault may have changed
	switch {
	case a.onSocket():
	case strings.HasPrefix(media[0], geminiSent[0]):
		return eventLines
	case media[0] == ollamaStream[0]:
		return plainLines
	}
	return noLines
}

// loosen tells the form what to leave out of the end.
func (a *attempt) loosen() {
	if e := a.effect.Ending; e != nil {
		a.ans.noDone = e.Kind == faults.EndingNoDone || e.NoDone && a.lineEnds() != noLines
		a.ans.noFinish = e.Kind == faults.EndingNoFinish
	}
}

// unterminate takes the line ends of the last frame away, in the dialects that
// have some.
func (a *attempt) unterminate() {
	e := a.effect.Ending
	if e == nil || e.Kind != faults.EndingNoBlankLine {
		return
	}
	out := &a.out
	out.omitted = false
	ends, last := a.lineEnds(), len(out.ends)-1
	if ends == noLines || last < 0 || ends == plainLines && e.LineEnd {
		return
	}
	frame := out.buf[out.start(last):]
	line := bytes.TrimRight(frame, "\r\n")
	if e.LineEnd {
		line = frame[:len(line)+(len(frame)-len(line))/2]
	}
	out.omitted = len(line) < len(frame)
	out.buf = out.buf[:len(out.buf)-len(frame)+len(line)]
	out.ends[last].at = len(out.buf)
}

// endLoosely closes the record of a stream that has said everything. Where no
// terminal event came, or none that is whole, it was an end of the body only.
func (a *attempt) endLoosely() {
	a.rec.End = journal.AttemptComplete
	if !a.out.omitted {
		return
	}
	a.show(faults.SlotEnding)
	a.staySocket()
	if a.effect.Ending.Kind != faults.EndingNoFinish {
		a.rec.End = journal.AttemptEOF
	}
}
