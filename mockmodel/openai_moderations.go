package mockmodel

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/chaoskit/chaos/internal/wire"
)

// moderationStep is the kind of step of POST /v1/moderations.
const moderationStep = "moderation"

// moderationModel judges the calls that name no model: the API reference.
const moderationModel = "omni-moderation-latest"

// moderationImages is how many images one call may have: what the API says of
// more ("Maximum 1 image per input").
const moderationImages = 1

// moderationCategories are the categories in the order of the API reference,
// and whether they apply to images: Moderation of openai/openai-python.
var moderationCategories = []moderationCategory{
	{"harassment", false}, {"harassment/threatening", false}, {"hate", false}, {"hate/threatening", false},
	{"illicit", false}, {"illicit/violent", false}, {"self-harm", true}, {"self-harm/intent", true}, {"self-harm/instructions", true},
	{"sexual", true}, {"sexual/minors", false}, {"violence", true}, {"violence/graphic", true},
}

type moderationCategory struct {
	name   string
	images bool
}

// moderated is one thing that is judged.
type moderated struct {
	text        string   // without markers
	said, image bool     // it has text, it has an image
	texts       []string // of its parts, which make up the text
}

// openAIModerations writes ModerationCreateResponse of openai/openai-python.
// Nothing is flagged but what an answer of the plan flags, whose when has the
// step moderation; the scores of the rest are small numbers that belong to the
// text.
type openAIModerations struct {
	inputs   []moderated
	verdicts []literal // of the plan, all of its answers
}

// readOpenAIModerations understands POST /v1/moderations. Inputs are a string,
// strings, or parts with text and an image that are judged as one.
func readOpenAIModerations(body doc, c *call) *refusal {
	if body.kind() != '{' {
		return openAINotJSON()
	}
	if c.model = moderationModel; body.get("model").present() {
		if r := openAIModel(body, c); r != nil {
			return r
		}
	}
	f := &openAIModerations{}
	c.form = f
	input := body.get("input")
	switch input.kind() {
	case 0, 'n':
		return openAIMissing("input")
	case '"':
		f.add(input.text(), c)
		return nil
	case '[':
	default:
		return openAIWrongType("input", "a string or an array", input)
	}
	for v := range input.items {
		at := "input[" + strconv.Itoa(len(c.messages)) + "]"
		switch v.kind() {
		case '"':
			f.add(v.text(), c)
		case '{':
			if r := f.part(v, at, c); r != nil {
				return r
			}
		default:
			return openAIWrongType(at, "a string or an object", v)
		}
		if len(f.inputs) > inputsMax {
			break
		}
	}
	for i := range f.inputs {
		if in := &f.inputs[i]; in.texts != nil {
			in.text += strings.Join(in.texts, "")
		}
	}
	if n := len(f.inputs); n == 0 || n > inputsMax {
		return &refusal{status: 400, kind: "invalid_request_error", param: "input", message: fmt.Sprintf("Invalid 'input': expected between 1 and %d inputs.", inputsMax)}
	}
	return nil
}

func (f *openAIModerations) add(text string, c *call) {
	c.hear(message{role: "user", text: text})
	f.inputs = append(f.inputs, moderated{text: wire.StripMarkers(text), said: true})
}

// part takes in a part of the one input that parts make up.
func (f *openAIModerations) part(v doc, at string, c *call) *refusal {
	if len(f.inputs) == 0 {
		f.inputs = append(f.inputs, moderated{})
	}
	in := &f.inputs[len(f.inputs)-1]
	switch kind := v.get("type"); kind.text() {
	case "text":
		text := v.get("text")
		if text.kind() != '"' {
			return openAIMissing(at + ".text")
		}
		c.hear(message{role: "user", text: text.text()})
		in.texts, in.said = append(in.texts, wire.StripMarkers(text.text())), true
	case "image_url":
		switch {
		case v.get("image_url").get("url").kind() != '"':
			return openAIMissing(at + ".image_url.url")
		case in.image:
			return &refusal{status: 400, kind: "invalid_request_error", code: "too_many_images", param: "input", message: fmt.Sprintf("Too many images were provided in the moderation input. Maximum %d image per input.", moderationImages)}
		}
		c.hear(message{role: "user"})
		in.image = true
	default:
		if !kind.present() {
			return openAIMissing(at + ".type")
		}
		return openAIUnknown(at+".type", kind.text(), []string{"text", "image_url"})
	}
	return nil
}

func (f *openAIModerations) whole(dst []byte, a *answer) []byte {
	dst = append(dst, `{"id":"modr-`...)
	dst = append(dst, a.id...)
	dst = append(dst, `","model":`...)
	dst = appendString(dst, a.model)
	dst = append(dst, `,"results":[`...)
	if !a.empty {
		for i := range f.inputs {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = f.inputs[i].judge(dst, a.seed, f.verdict(&f.inputs[i], a.model))
		}
	}
	return append(dst, "]}"...)
}

// verdict is what the plan says of an input, "" for nothing.
func (f *openAIModerations) verdict(in *moderated, model string) doc {
	for i := range f.verdicts {
		w := &f.verdicts[i].when
		if w.Step == moderationStep && (w.Model == "" || w.Model == model) && strings.Contains(in.text, w.Contains) {
			return doc(f.verdicts[i].text)
		}
	}
	return ""
}

// judge writes the result for an input.
func (in *moderated) judge(dst []byte, seed uint64, said doc) []byte {
	flags, given := said.get("categories"), said.get("category_scores")
	flagged := said.get("flagged").truth()
	// What is flagged for nothing in particular is flagged for what the plan
	// gives a score, and else for violence.
	named := false
	for _, v := range flags.fields {
		named, flagged = named || v.truth(), flagged || v.truth()
	}
	state := wire.FoldMore(wire.FoldStart^seed, in.text)
	var categories, scores, types []byte
	for i, c := range moderationCategories {
		if i > 0 {
			categories, scores, types = append(categories, ','), append(scores, ','), append(types, ',')
		}
		categories, scores, types = appendName(categories, c.name), appendName(scores, c.name), appendName(types, c.name)
		score := given.get(c.name)
		on := flags.get(c.name).truth() || flagged && !named && (score != "" || given == "" && c.name == "violence")
		categories = strconv.AppendBool(categories, on)
		state += 0x9e3779b97f4a7c15 // SplitMix64
		x := float64(1+wire.Mix(state)%9999) / 1e6
		switch {
		case score != "":
			scores = append(scores, score...)
		case on:
			scores = appendFloat(scores, 0.95+x)
		default:
			scores = appendFloat(scores, x)
		}
		types = in.types(types, c.images)
	}
	dst = append(dst, `{"flagged":`...)
	dst = strconv.AppendBool(dst, flagged)
	dst = append(append(dst, `,"categories":{`...), categories...)
	dst = append(append(dst, `},"category_scores":{`...), scores...)
	dst = append(append(dst, `},"category_applied_input_types":{`...), types...)
	return append(dst, "}}"...)
}

// types writes the kinds of input that a score rests on.
func (in *moderated) types(dst []byte, images bool) []byte {
	switch {
	case in.said && in.image && images:
		return append(dst, `["text","image"]`...)
	case in.image && images:
		return append(dst, `["image"]`...)
	case in.said:
		return append(dst, `["text"]`...)
	}
	return append(dst, "[]"...)
}

func appendName(dst []byte, name string) []byte { return append(appendString(dst, name), ':') }

// validateVerdict refuses an answer that is no verdict: the members of a result
// of the API, as far as they are given.
func (a Answer) validateVerdict(path string, out *problems) {
	verdict, ok := a.JSON.(map[string]any)
	if !ok || a.Text != "" || len(a.ToolCalls) > 0 {
		out.add(path+".json", "must be the verdict, and nothing else: flagged, categories and category_scores, as far as they differ from a harmless text")
		return
	}
	for _, name := range slices.Sorted(maps.Keys(verdict)) {
		at := path + ".json." + name
		switch name {
		case "flagged":
			if _, ok := verdict[name].(bool); !ok {
				out.add(at, "must be true or false")
			}
		case "categories", "category_scores":
			validCategories(at, verdict[name], name == "category_scores", out)
		default:
			out.add(at, "is no member of a verdict: give flagged, categories or category_scores")
		}
	}
}

func validCategories(path string, v any, scores bool, out *problems) {
	members, ok := v.(map[string]any)
	if !ok {
		out.add(path, "must be a mapping of categories")
		return
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		at := path + "." + name
		known := slices.ContainsFunc(moderationCategories, func(c moderationCategory) bool { return c.name == name })
		switch x := members[name].(type) {
		case bool:
			ok = !scores
		case int:
			ok = scores && x >= 0 && x <= 1
		case float64:
			ok = scores && x >= 0 && x <= 1
		default:
			ok = false
		}
		switch {
		case !known:
			out.add(at, "is no category: those of the API are harassment, hate, illicit, self-harm, sexual and violence, and what stands below them")
		case !ok && scores:
			out.add(at, "must be a number from 0 to 1")
		case !ok:
			out.add(at, "must be true or false")
		}
	}
}
