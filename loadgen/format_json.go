package loadgen

// jsonBody is a JSON body of any shape, in which a JSONPath finds the text.
var jsonBody = format{name: formatJSON, ask: askOpenAI, body: readJSON, event: skipEvent}

// readJSON takes all that the path finds, in order, as one text. What is no
// string is taken as JSON: an object can be an answer too.
func readJSON(_ []byte, a *answer) {
	tree, ok := a.tree()
	if !ok {
		a.remark("the body is no JSON")
		return
	}
	found := a.reader.answer.Get(tree)
	if len(found) == 0 {
		a.remark("nothing at " + a.reader.answer.String())
	}
	for _, v := range found {
		a.content(treeText(v))
		a.numbers(v, 0)
	}
}

// skipEvent reads nothing: which part of an event would be text, the plan does
// not say.
func skipEvent(_ string, _ []byte, a *answer) {
	if a.note == "" {
		a.remark("an event stream, which format json cannot read: use format text, or ask for a body")
	}
}
