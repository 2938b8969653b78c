package mockmodel

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"

	"github.com/chaoskit/chaos/internal/wire"
)

// inputsMax is how many inputs a call may have: the API reference. numbersMax
// bounds the answer: a full call at the 3072 dimensions of the largest model.
const (
	inputsMax  = 2048
	numbersMax = inputsMax * 3072
)

// readOpenAIEmbeddings understands POST /v1/embeddings. Inputs are a string, a
// list of strings, a list of token numbers, or a list of such lists.
func readOpenAIEmbeddings(body doc, c *call) *refusal {
	if r := openAIModel(body, c); r != nil {
		return r
	}
	f := &openAIEmbeddings{}
	c.form = f
	input := body.get("input")
	switch input.kind() {
	case 0, 'n':
		return openAIMissing("input")
	case '"':
		f.add(input, c)
	case '[':
		tokens := true
		for v := range input.items {
			tokens = tokens && v.kind() != '"' && v.kind() != '['
			if !tokens {
				f.add(v, c)
			}
			if len(f.inputs) > inputsMax {
				break
			}
		}
		if tokens {
			f.add(input, c)
		}
	default:
		return openAIWrongType("input", "a string or an array", input)
	}
	if input == `""` || input.kind() == '[' && c.tokensIn == 0 || len(f.inputs) > inputsMax {
		return &refusal{status: 400, kind: "invalid_request_error", param: "input", message: fmt.Sprintf("Invalid 'input': expected between 1 and %d inputs that are not empty.", inputsMax)}
	}
	switch format := body.get("encoding_format"); {
	case format == `"base64"`:
		f.base64 = true
	case format.present() && format != `"float"`:
		return &refusal{status: 400, kind: "invalid_request_error", code: "invalid_value", param: "encoding_format", message: "Invalid value: expected one of 'float' or 'base64' for 'encoding_format'."}
	}
	if d := body.get("dimensions"); d.present() {
		n, ok := d.integer()
		if !ok || n < 1 || n > dimensionsMax {
			return &refusal{status: 400, kind: "invalid_request_error", code: "invalid_value", param: "dimensions", message: fmt.Sprintf("Invalid value for 'dimensions': expected an integer from 1 to %d.", dimensionsMax)}
		}
		if n*len(f.inputs) > numbersMax {
			return &refusal{status: 400, kind: "invalid_request_error", code: "invalid_value", param: "dimensions",
				message: fmt.Sprintf("Invalid value for 'dimensions': %d inputs of %d dimensions are more than %d numbers.", len(f.inputs), n, numbersMax)}
		}
		f.dimensions = n
	}
	return nil
}

// openAIEmbeddings writes a list of embeddings: CreateEmbeddingResponse of
// openai/openai-python, which asks for base64 unless told otherwise.
type openAIEmbeddings struct {
	inputs     []string // without markers, so that one text has one vector
	base64     bool
	dimensions int // 0: the model's own
}

func (f *openAIEmbeddings) add(v doc, c *call) {
	text := string(v) // numbers of tokens: as they stand
	n := 0
	if v.kind() == '"' {
		text = v.text()
		n = wire.Tokens(text)
	} else {
		for range v.items {
			n++
		}
	}
	c.tokensIn += n
	c.carrier = text
	f.inputs = append(f.inputs, wire.StripMarkers(text))
}

func (f *openAIEmbeddings) size(own int) {
	if f.dimensions == 0 {
		f.dimensions = own
	}
}

func (f *openAIEmbeddings) whole(dst []byte, a *answer) []byte {
	dst = append(dst, `{"object":"list","data":[`...)
	if !a.empty {
		n := len(f.inputs)
		for i := range a.vectorsGiven(n) {
			at := a.vectorAt(i, n)
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, `{"object":"embedding","index":`...)
			dst = strconv.AppendInt(dst, int64(at), 10)
			dst = append(dst, `,"embedding":`...)
			dst = a.putVector(dst, f.dimensions, f.inputs[at], f.base64)
			dst = append(dst, '}')
		}
	}
	dst = append(dst, `],"model":`...)
	dst = appendString(dst, a.model)
	dst = append(dst, `,"usage":{"prompt_tokens":`...)
	dst = strconv.AppendInt(dst, int64(a.tokensIn), 10)
	dst = append(dst, `,"total_tokens":`...)
	dst = strconv.AppendInt(dst, int64(a.tokensIn), 10)
	return append(dst, "}}"...)
}

// appendVector writes a vector as numbers, or as base64 of little-endian float32.
func appendVector(dst []byte, v []float32, encoded bool) []byte {
	if encoded {
		raw := make([]byte, 0, 4*len(v))
		for _, x := range v {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
		}
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, raw)
		return append(dst, '"')
	}
	dst = append(dst, '[')
	for i, x := range v {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendFloat(dst, float64(x))
	}
	return append(dst, ']')
}
