package loadgen

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// seen names the attempts of a record and what was found of them.
func seen(rec journal.Request) string {
	var out []string
	for i, m := range rec.Marks {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%d %s", m.Attempt, wire.Finding(rec.Finding(i)))))
	}
	if rec.MarksMore > 0 {
		out = append(out, fmt.Sprint(rec.MarksMore, " more"))
	}
	return strings.Join(out, "; ")
}

// Attempts are known by short marks in tool calls and structured outputs, too,
// and by the numbers of vectors and scores.
func TestAttemptsAreNamedWhereThereIsNoText(t *testing.T) {
	id := wire.ID{Run: "aaaaaaaa", Phase: "spike", Index: 7, Tenant: "t1"}
	short := func(attempt uint64) string { return testCodec.ShortMark(wire.Mark{Attempt: attempt, ID: id}) }
	vector := make([]float32, 64)
	for i := range vector {
		vector[i] = float32(i%7+1) / 50
	}
	numbers, _ := json.Marshal(testCodec.MarkVector(vector, wire.Mark{Attempt: 9, ID: id}))
	scores := []float64{0.9, 0.8, 0.7}
	testCodec.MarkScores(scores, wire.Mark{Attempt: 8, ID: id})
	results := fmt.Sprintf(`[{"index":2,"relevance_score":%v},{"index":0,"relevance_score":%v}]`, scores[0], scores[1])
	bare, _ := json.Marshal(scores)
	call := func(index int, head, arguments string) string {
		quoted, _ := json.Marshal(arguments)
		return fmt.Sprintf(`data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":%d,%s"function":{"arguments":%s}}]}}]}`+"\n\n", index, head, quoted)
	}
	arguments := `{"id":"42 ` + short(5) + `"}`
	anthropic := func(name, data string) string { return "event: " + name + "\ndata: " + data + "\n\n" }
	partial, _ := json.Marshal(arguments)
	rows := []struct{ words, format, path, bytes, want string }{
		{"the arguments of a tool call", formatOpenAI, "", jsonAnswer(`{"choices":[{"message":{"content":null,"tool_calls":[{"id":"c","function":{"name":"f","arguments":` + string(partial) + `}}]}}]}`), "5 short"},
		{"the same, streamed in pieces", formatOpenAI, "", sse(call(0, `"id":"c",`, arguments[:14]), call(0, "", arguments[14:]), doneFrame) + lastChunk, "5 short"},
		{"two calls: what one breaks off the other does not go on", formatOpenAI, "", sse(call(0, `"id":"c",`, short(5)[:9]), call(1, `"id":"d",`, short(5)[9:]+" "+short(6)), doneFrame) + lastChunk, "6 short"},
		{"text and a call", formatOpenAI, "", sse(delta(marked(1, id, "gpt-4o")), call(0, `"id":"c",`, arguments), doneFrame) + lastChunk, "1; 5 short"},
		{"Anthropic's tool_use", "anthropic", "", jsonAnswer(`{"content":[{"type":"tool_use","id":"c","name":"f","input":` + arguments + `}]}`), "5 short"},
		{"the same, streamed", "anthropic", "", sse(anthropic("content_block_start", `{"type":"content_block_start","content_block":{"type":"tool_use","id":"c","input":{}}}`),
			anthropic("content_block_delta", `{"type":"content_block_delta","delta":{"type":"input_json_delta","partial_json":`+string(partial)+`}}`), anthropic("message_stop", `{"type":"message_stop"}`)) + lastChunk, "5 short"},
		{"a structured output as text", formatOpenAI, "", sse(delta(arguments), doneFrame) + lastChunk, "5 short"},
		{"a structured output as JSON", formatJSON, "$.answer", jsonAnswer(`{"answer":` + arguments + `}`), "5 short"},
		{"a vector", formatJSON, "$.embedding", jsonAnswer(`{"embedding":` + string(numbers) + `}`), "9 short, numbers"},
		{"embeddings as OpenAI gives them", formatJSON, "$", jsonAnswer(`{"data":[{"embedding":` + string(numbers) + `,"index":0}]}`), "9 short, numbers"},
		{"scores", formatJSON, "$.scores", jsonAnswer(`{"scores":` + string(bare) + `}`), "8 short, numbers"},
		{"results of a reranker", formatJSON, "$", jsonAnswer(`{"results":` + results + `}`), "8 short, numbers"},
		{"numbers without a mark", formatJSON, "$", jsonAnswer(`{"a":[0.5,0.25,0.125],"b":[1,2],"c":[],"d":[{"score":0.5},{"score":0.4},{"score":"x"}]}`), ""},
	}
	for _, row := range rows {
		url := rawServer(t, func(conn *net.TCPConn, _ *http.Request) { _, _ = conn.Write([]byte(row.bytes)) })
		rec := send(t.Context(), testClient(t, url, ofFormat(row.format), func(o *ClientOptions) { o.Response.Answer = row.path }),
			func(a *Arrival) { a.Stream = strings.Contains(row.bytes, "event-stream") })
		if got := seen(rec); got != row.want || rec.Outcome != journal.OutcomeFull {
			t.Errorf("%s: %q, want %q; %s %s", row.words, got, row.want, rec.Outcome, rec.OutcomeReason)
		}
	}
}

// A record keeps the marks that tell most, and counts the others.
func TestTheMarksThatTellMostAreKept(t *testing.T) {
	f := facts{tenant: "t1", more: 2}
	for i := range uint64(8) {
		f.marks = append(f.marks, whole(i+1))
	}
	f.labels = []mark{with(with(whole(20), anon), found(wire.FoundShort))}
	f.marks = append(f.marks, with(whole(9), found(wire.FoundCut)), with(whole(10), stranger))
	rec := journal.NewRequest()
	keepMarks(&rec, &f)
	if got, want := seen(rec), "10; 9 cut; 20 short; 1; 2; 3; 4; 5; 5 more"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	f = facts{tenant: "t1", marks: []mark{whole(1), with(whole(2), found(wire.FoundCut)), whole(3)}}
	rec = journal.NewRequest()
	keepMarks(&rec, &f)
	if got, want := seen(rec), "1; 2 cut; 3"; got != want || !slices.Equal(rec.MarkFindings, []uint16{0, uint16(wire.FoundCut)}) {
		t.Errorf("%s, want %s", got, want)
	}
}
