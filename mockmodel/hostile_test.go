package mockmodel

import (
	"flag"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// fill repeats what unit writes for 0, 1, 2 ... between commas until it is so
// many bytes long.
func fill(size int, unit func(i int) string) string {
	var b strings.Builder
	b.Grow(size + 1024)
	for i := 0; ; i++ {
		u := unit(i)
		if b.Len()+len(u)+1 > size {
			return b.String()
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(u)
	}
}

// same is a unit that is always the same.
func same(s string) func(int) string { return func(int) string { return s } }

// pairs writes calls of tools, and behind them their results, the last first.
func pairs(size int, call, result func(i int) string) (calls, results string) {
	n := 0
	calls = fill(size/2, func(i int) string { n = i; return call(i) })
	results = fill(size/2, func(i int) string { return result(max(0, n-1-i)) })
	return calls, results
}

// garbageMax is what an answer may cost whatever the body: the longest is one of
// 2,048 vectors, or of 128 choices.
const garbageMax = 1 << 30

// hostileMB is enough for what costs the square of a body to be seen, and little
// enough to be part of every run. The figures of the largest bodies:
//
//	go test ./mockmodel -run TestHostileBodies -v -hostile 32
var hostileMB = flag.Int("hostile", 2, "MB of each body of TestHostileBodies")

type hostileCase struct {
	name, path string
	body       string
}

func hostileCases(most int) (out []hostileCase) {
	add := func(name, path, body string) { out = append(out, hostileCase{name, path, body}) }
	size := most - 1024
	oa := func(rest string) string {
		return `{"model":"m","messages":[{"role":"user","content":"json"}],` + rest + `}`
	}
	const chatP = "/v1/chat/completions"
	nested := strings.Repeat("[", size/2) + strings.Repeat("]", size/2)
	add("nothing but brackets", chatP, nested)
	add("nested arrays that never close", chatP, strings.Repeat("[", size))
	deep := strings.Repeat(`[`, depthMax-4) + "1" + strings.Repeat(`]`, depthMax-4)
	add("nested up to the limit, over and over", chatP, oa(`"x":[`+fill(size, same(deep))+`]`))
	deepObj := strings.Repeat(`{"a":`, depthMax-4) + "1" + strings.Repeat(`}`, depthMax-4)
	add("objects up to the limit, over and over", chatP, oa(`"x":[`+fill(size, same(deepObj))+`]`))
	add("a million messages", chatP, `{"model":"m","messages":[`+fill(size, same(`{"role":"user","content":""}`))+`]}`)
	add("messages without their members", chatP, `{"model":"m","messages":[`+fill(size, same(`{}`))+`]}`)
	add("one member, over and over", chatP, oa(fill(size, same(`"n":1`))))
	add("messages, over and over", chatP, oa(fill(size, same(`"messages":[{"role":"user","content":""}]`))))
	add("a million members", chatP, oa(fill(size, func(i int) string { return fmt.Sprintf(`"%d":0`, i) })))
	add("a million tools", chatP, oa(`"tools":[`+fill(size, same(`{"type":"function","function":{"name":"f"}}`))+`]`))
	add("a string of escapes", chatP, `{"model":"m","messages":[{"role":"user","content":"`+strings.Repeat(`\u0041`, size/6)+`"}]}`)
	add("lone surrogates", chatP, `{"model":"m","messages":[{"role":"user","content":"`+strings.Repeat(`\ud800`, size/6)+`"}]}`)
	add("what is not UTF-8", chatP, `{"model":"m","messages":[{"role":"user","content":"`+strings.Repeat("\xff", size)+`"}]}`)
	add("a number of digits", chatP, oa(`"temperature":`+strings.Repeat("1", size)))
	add("numbers beyond counting", chatP, oa(`"x":[`+fill(size, same("1e999999"))+`]`))
	add("a fraction of digits", chatP, oa(`"x":0.`+strings.Repeat("1", size)))
	add("fractions", chatP, oa(`"x":[`+fill(size, same("1.5"))+`]`))
	add("fractions in objects", chatP, oa(`"x":[`+fill(size, same(`{"":.1e9}`))+`]`))
	add("hyphens", chatP, `{"model":"m","messages":[{"role":"user","content":"`+strings.Repeat("0000-", size/5)+`"}]}`)
	add("points", chatP, `{"model":"m","messages":[{"role":"user","content":"`+strings.Repeat("0.", size/2)+`"}]}`)
	add("markers", chatP, `{"model":"m","messages":[{"role":"user","content":"`+strings.Repeat("[chaos ", size/7)+`"}]}`)
	add("a model as long as the body", chatP, `{"model":"`+strings.Repeat("m", size)+`","messages":[{"role":"user","content":""}]}`)
	add("a role as long as the body", chatP, `{"model":"m","messages":[{"role":"`+strings.Repeat(`\u0041`, size/6)+`","content":""}]}`)
	add("parts", chatP, `{"model":"m","messages":[{"role":"user","content":[`+fill(size, same(`{"type":"text","text":"x"}`))+`]}]}`)
	calls, results := pairs(size, func(i int) string { return fmt.Sprintf(`{"id":"%d"}`, i) }, func(i int) string { return fmt.Sprintf(`{"role":"tool","tool_call_id":"%d","content":""}`, i) })
	add("tool calls answered from behind", chatP, `{"model":"m","messages":[{"role":"assistant","tool_calls":[`+calls+`]},`+results+`]}`)
	add("stops", chatP, oa(`"stop":[`+fill(size, same(`"x"`))+`]`))
	big := func(n int) string {
		return `{"type":"object","additionalProperties":false,"properties":{` + fill(n, func(i int) string { return fmt.Sprintf(`"p%d":{"type":"string"}`, i) }) + `}}`
	}
	add("tools with large schemas", chatP, oa(`"n":128,"tools":[`+fill(size, func(i int) string {
		return fmt.Sprintf(`{"type":"function","function":{"name":"f%d","parameters":%s}}`, i, big(500<<10))
	})+`]`))
	add("a large schema, 128 choices", chatP, oa(`"n":128,"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":`+big(500<<10)+`}}`))
	add("metadata", chatP, oa(`"metadata":{`+fill(size, func(i int) string { return fmt.Sprintf(`"%d":""`, i) })+`}`))

	const resp = "/v1/responses"
	add("a million items", resp, `{"model":"m","input":[`+fill(size, same(`{"role":"user","content":""}`))+`]}`)
	calls, results = pairs(size, func(i int) string {
		return fmt.Sprintf(`{"type":"function_call","call_id":"%d","name":"f","arguments":""}`, i)
	}, func(i int) string {
		return fmt.Sprintf(`{"type":"function_call_output","call_id":"%d","output":""}`, i)
	})
	add("function calls answered from behind", resp, `{"model":"m","input":[`+calls+`,`+results+`]}`)
	add("a million parts", resp, `{"model":"m","input":[{"role":"user","content":[`+fill(size, same(`{"type":"input_text","text":"x"}`))+`]}]}`)
	add("a million tools", resp, `{"model":"m","input":"x","tools":[`+fill(size, same(`{"type":"function","name":"f"}`))+`]}`)
	add("an include of a million", resp, `{"model":"m","input":"x","include":[`+fill(size, same(`"reasoning.encrypted_content"`))+`]}`)

	const emb = "/v1/embeddings"
	add("a million inputs", emb, `{"model":"m","input":[`+fill(size, same(`"x"`))+`]}`)
	add("a million numbers", emb, `{"model":"m","input":[`+fill(size, same(`1`))+`]}`)
	add("lists of numbers", emb, `{"model":"m","input":[`+fill(size, same(`[1]`))+`]}`)
	add("as many inputs and dimensions as allowed", emb, `{"model":"m","dimensions":3072,"input":[`+fillN(2048, strings.Repeat("w ", 100))+`]}`)
	const mod = "/v1/moderations"
	add("a million inputs", mod, `{"input":[`+fill(size, same(`"x"`))+`]}`)
	add("a million parts", mod, `{"input":[`+fill(size, same(`{"type":"text","text":"xxxxxxxxxxxxxxxxxxxxxxxx"}`))+`]}`)

	const ant = messagesPath
	an := func(rest string) string {
		return `{"model":"m","max_tokens":999,"messages":[{"role":"user","content":"x"}],` + rest + `}`
	}
	add("a million messages", ant, `{"model":"m","max_tokens":9,"messages":[`+fill(size, same(`{"role":"user","content":"x"}`))+`]}`)
	add("a million blocks", ant, `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[`+fill(size, same(`{"type":"text","text":""}`))+`]}]}`)
	add("a million stops", ant, an(`"stop_sequences":[`+fill(size, func(i int) string { return fmt.Sprintf(`"%d!"`, i) })+`]`))
	add("a million tools that allow nothing", ant, an(`"tools":[`+fill(size, func(i int) string { return fmt.Sprintf(`{"name":"f","input_schema":{"not":{},"t":%d}}`, i) })+`]`))
	add("large tools that allow nothing", ant, an(`"tools":[`+fill(size, func(i int) string {
		return fmt.Sprintf(`{"name":"f%d","input_schema":{"allOf":[%s,{"type":"array"}]}}`, i, big(400<<10))
	})+`]`))
	add("systems, over and over", ant, an(fill(size, same(`"system":"s"`))))

	const gem = "/v1beta/models/m:generateContent"
	gsize := min(size, 20<<20-2048)
	add("a million contents", gem, `{"contents":[`+fill(gsize, same(`{"parts":[{"text":"x"}]}`))+`]}`)
	add("a million parts", gem, `{"contents":[{"parts":[`+fill(gsize, same(`{"text":"x"}`))+`]}]}`)
	add("unknown members", gem, `{"contents":[{"parts":[{"text":"x"}]}],`+fill(gsize, func(i int) string { return fmt.Sprintf(`"x%d":0`, i) })+`}`)
	add("parts without data", gem, `{"contents":[{"parts":[`+fill(gsize, same(`{}`))+`]}]}`)
	add("a million functions", gem, `{"contents":[{"parts":[{"text":"x"}]}],"tools":[{"functionDeclarations":[`+fill(gsize, func(i int) string { return fmt.Sprintf(`{"name":"f%d"}`, i) })+`]}]}`)
	add("functions with schemas", gem, `{"contents":[{"parts":[{"text":"x"}]}],"tools":[{"functionDeclarations":[`+fill(gsize, func(i int) string {
		return fmt.Sprintf(`{"name":"f%d","parameters":{"type":"OBJECT","properties":{"a":{"type":"STRING"}}}}`, i)
	})+`]}]}`)
	add("a schema nested up to the limit", gem, `{"contents":[{"parts":[{"text":"x"}]}],"generationConfig":{"responseMimeType":"application/json","responseSchema":`+strings.Repeat(`{"items":`, 50)+`{"anyOf":[`+fill(gsize, same(`{"type":"STRING"}`))+`]}`+strings.Repeat(`}`, 50)+`}}`)
	add("a million stops", gem, `{"contents":[{"parts":[{"text":"x"}]}],"generationConfig":{"stopSequences":[`+fill(gsize, same(`"x"`))+`]}}`)

	const oll = "/api/chat"
	add("a million messages", oll, `{"model":"m","messages":[`+fill(size, same(`{"role":"user","content":""}`))+`]}`)
	add("a million stops", oll, `{"model":"m","messages":[{"role":"user","content":""}],"options":{"stop":[`+fill(size, func(i int) string { return fmt.Sprintf(`"%d!"`, i) })+`]}}`)
	add("a million tools", oll, `{"model":"m","messages":[{"role":"user","content":""}],"tools":[`+fill(size, func(i int) string {
		return fmt.Sprintf(`{"type":"function","function":{"name":"f","parameters":{"not":{},"t":%d}}}`, i)
	})+`]}`)
	add("a million inputs", "/api/embed", `{"model":"m","input":[`+fill(size, same(`"x"`))+`]}`)
	rsize := min(size, 10<<20-1024)
	add("a million documents", "/v1/rerank", `{"query":"x","documents":[`+fill(rsize, same(`"x"`))+`]}`)
	add("long documents", "/v1/rerank", `{"query":"x","documents":[`+fillN(1000, strings.Repeat("w ", rsize/2100))+`]}`)
	add("a long query", "/v1/rerank", `{"query":"`+strings.Repeat("a", rsize/2)+`","documents":["`+strings.Repeat("a", rsize/2)+`"]}`)
	ssize := min(size, 4<<20-1024)
	add("a million numbers", "/v1/search", `{"query_vector":[`+fill(ssize, same("1"))+`],"top_k":3}`)

	qdrant := func(name string, search func(i int) string) {
		add(name, "/collections/c/points/query/batch", `{"searches":[`+fill(size, search)+`]}`)
	}
	qdrant("a million searches", same(`{}`))
	qdrant("searches with vectors of the same length", same(`{"query":[1,2],"with_vector":true,"limit":100}`))
	long := strings.Repeat("1,", 3071) + "1"
	qdrant("searches with long vectors", func(i int) string {
		return `{"query":[` + long[:len(long)-2*(i%64)] + `],"with_vector":true,"limit":100}`
	})
	add("a million documents", "/voyage/v1/rerank", `{"model":"m","query":"x","documents":[`+fill(rsize, same(`"x"`))+`]}`)

	const bed = "/model/m/converse"
	bsize := min(size, 25_000_000-1024)
	add("messages", bed, `{"messages":[`+fill(bsize, same(`{"role":"user","content":[{"text":"x"}]},{"role":"assistant","content":[{"text":"x"}]}`))+`]}`)
	calls, results = pairs(bsize, func(i int) string { return fmt.Sprintf(`{"toolUse":{"toolUseId":"%d"}}`, i) }, func(i int) string { return fmt.Sprintf(`{"toolResult":{"toolUseId":"%d"}}`, i) })
	add("tool uses answered from behind", bed, `{"toolConfig":{"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object"}}}}]},"messages":[{"role":"user","content":[{"text":"x"}]},{"role":"assistant","content":[`+calls+`]},{"role":"user","content":[`+results+`]}]}`)
	add("stops", bed, `{"messages":[{"role":"user","content":[{"text":"x"}]}],"inferenceConfig":{"stopSequences":[`+fill(bsize, func(i int) string { return fmt.Sprintf(`"%d!"`, i) })+`]}}`)
	add("tools", bed, `{"messages":[{"role":"user","content":[{"text":"x"}]}],"toolConfig":{"tools":[`+fill(bsize, func(i int) string {
		return fmt.Sprintf(`{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object","not":{},"t":%d}}}}`, i)
	})+`]}}`)
	return out
}

func fillN(n int, word string) string {
	return strings.TrimSuffix(strings.Repeat(`"`+word+`",`, n), ",")
}

// TestHostileBodies: whatever a body holds, up to the most that its dialect
// takes, it costs memory and time in proportion to its length, and is answered or
// refused. The memory is that of all allocations, garbage included; how long it
// took is told, and no case costs the square of its length, which at 32 MB is
// hours.
func TestHostileBodies(t *testing.T) {
	zero := 0.0
	s := New(Config{Models: []Model{{Name: "m", TokensPerSecond: &zero, OutputTokens: 300}}}, Options{})
	defer s.Close()
	size := *hostileMB << 20
	if testing.Short() { // with the race detector, say
		size /= 8
	}
	for _, c := range hostileCases(size) {
		t.Run(c.path+" "+c.name, func(t *testing.T) {
			if testing.Short() && len(c.body) > size {
				t.Skip("costs as much however short")
			}
			r, _ := http.NewRequest("POST", "http://mock"+c.path, nil)
			r.Header.Set("Anthropic-Version", "2023-06-01")
			f := find(r, s.endpoints[0])
			if f.route == nil {
				t.Fatal("no route")
			}
			body := []byte(c.body)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := cpu()
			a := s.begin(&discard{header: http.Header{}}, r, f)
			a.rec.End = journal.AttemptComplete
			a.body = body
			what := "answered"
			refused := a.understand()
			a.identify()
			if refused == nil {
				refused = a.generate()
			}
			if refused != nil {
				what = fmt.Sprintf("%d %.60s (%d)", refused.status, refused.message, len(refused.message))
			} else {
				a.station = newStation(Model{Name: "m", OutputTokens: 300, Dimensions: 8}.withDefaults())
				a.rec.AdmittedNs = 0
				a.prepare()
				what += fmt.Sprint(" ", len(a.call.form.whole(nil, &a.ans)))
			}
			took := cpu() - start
			runtime.ReadMemStats(&after)
			s.end(a)
			if garbage := after.TotalAlloc - before.TotalAlloc; garbage > 32*uint64(len(body))+garbageMax {
				t.Errorf("%d MB are allocated for a body of %d", garbage>>20, len(body))
			}
			t.Logf("%6.2f s %6.1f x body %5.1f MB: %s", took.Seconds(), float64(after.TotalAlloc-before.TotalAlloc)/float64(len(body)), float64(len(body))/1e6, what)
		})
	}
}

// What providers bound by number is refused in their words.
func TestTooMany(t *testing.T) {
	ids := func(n int) string { return fillN(n, "x") }
	calls := strings.TrimSuffix(strings.Repeat(`{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},`, toolCallsMax+1), ",")
	virtual(t, Config{Models: []Model{instant("m", 3)}}, nil, func(g *rig) {
		for _, c := range []struct{ name, path, body, says string }{
			{"calls of tools in a message", chatPath, `{"model":"m","messages":[{"role":"assistant","tool_calls":[` + calls + `]}]}`, "Invalid 'messages[0].tool_calls': array too long. Expected an array with maximum length 128, but got an array with length 129 instead."},
			{"stops at OpenAI", chatPath, `{"model":"m","messages":[{"role":"user","content":"x"}],"stop":[` + ids(9) + `]}`, "got an array with length 9 instead"},
			{"stops at Anthropic", messagesPath, `{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"x"}],"stop_sequences":[` + ids(stopsTaken+1) + `]}`, "stop_sequences: List should have at most 2500 items after validation, not 2501"},
			{"stops at Bedrock", "/model/m/converse", `{"messages":[{"role":"user","content":[{"text":"x"}]}],"inferenceConfig":{"stopSequences":[` + ids(stopsTaken+1) + `]}}`, "failed to satisfy constraint: Member must have length less than or equal to 2500"},
			{"stops at Ollama", "/api/chat", `{"model":"m","messages":[{"role":"user","content":"x"}],"options":{"stop":[` + ids(stopsTaken+1) + `]}}`, "more than 2500 stop sequences"},
			{"documents", "/v1/rerank", `{"query":"x","documents":[` + ids(documentsMax+1) + `]}`, "got 1001"},
		} {
			r := g.send(ask{path: c.path, body: c.body})
			if r.status != 400 || !strings.Contains(r.body, c.says) {
				t.Errorf("%s: %d %.300s", c.name, r.status, r.body)
			}
		}
	})
}

// A step is told of limits at as many models as its caller names.
func TestHoldsOfAStepAreBounded(t *testing.T) {
	m := newMemory(0)
	for i := range 10 * holdsMax {
		m.keep(1, hold{rule: "storm", model: fmt.Sprint(i), untilNs: 100}, 0)
	}
	if n := len(m.holds[1]); n != holdsMax {
		t.Errorf("%d are kept, want %d", n, holdsMax)
	}
	if _, held := m.arrive(1, fmt.Sprint(10*holdsMax-1), 1); len(held) != 1 {
		t.Error("the last one is forgotten")
	}
}

// What is kept of a call beyond its end holds neither its body nor its head: a
// mock that stands keeps the records of 20,000 calls, and a thousand models that
// nobody has listed.
func TestWhatIsKeptHoldsNoBody(t *testing.T) {
	const calls, each = 64, 1 << 20
	pad := strings.Repeat(" ", each)
	virtual(t, Config{}, nil, func(g *rig) {
		before := heap()
		for i := range calls {
			marker := wire.Marker(wire.ID{Run: codec.Run, Phase: fmt.Sprint("own-", i), Index: 1, Tenant: "t9"})
			r, err := http.NewRequest("POST", "http://mock"+chatPath, strings.NewReader(fmt.Sprintf(`{"model":"own-%d","messages":[{"role":"user","content":"x %s"}]%s}`, i, marker, pad)))
			if err != nil {
				t.Fatal(err)
			}
			head := fmt.Sprintf("sdk/%d %s", i, pad)
			r.Header.Set("User-Agent", head[:8])
			g.s.serve(&discard{header: http.Header{}}, r)
		}
		if n := heap() - before; n > calls*each/4 {
			t.Errorf("%d calls of 2 x %d bytes: %d bytes are kept", calls, each, n)
		}
		if rec := g.recs[1]; rec.ModelAsked != "own-1" || rec.Key.Phase != "own-1" || rec.Tenant != "t9" {
			t.Errorf("what is kept: %+v", rec)
		}
	})
}

// cpu is what the process has used of the processor.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Nor does a conversation hold the events that it was made of, which are longer
// than what is counted of them.
func TestConversationsHoldNoEvents(t *testing.T) {
	const events, each = 64, 1 << 20
	pad := strings.Repeat(" ", each)
	virtual(t, realtimeConfig(), nil, func(g *rig) {
		k := g.talk(realtimePath, wire.ID{})
		defer k.close()
		k.until("session.created")
		before := heap()
		for i := range events {
			event := fmt.Sprintf(`{"type":"conversation.item.create","item":{"id":"own-%d","type":"message","role":"user","content":[{"type":"input_text","text":"x"}]}%s}`, i, pad)
			if err := k.ws.WriteMessage(websocket.TextMessage, []byte(event)); err != nil {
				t.Fatal(err)
			}
			k.until("conversation.item.done")
		}
		if n := heap() - before; n > events*each/4 {
			t.Errorf("%d events of %d bytes: %d bytes are kept", events, each, n)
		}
	})
}

// heap is what is in use.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
