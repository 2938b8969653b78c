package plans

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/draw"
)

// A rule of any fault, with any parameters and any selection that are valid,
// reads back as what it was. The rules are random, and the same in every run.
func TestRandomRulesReadBackAsTheyPrint(t *testing.T) {
	const rulesOfAFault = 100
	var rules []faults.Rule
	for _, e := range slices.Concat(faults.Catalogue(), faults.TCP()) {
		d := dice{draw.NewStream(1, e.Name)}
		changed := map[string]bool{}
		for range rulesOfAFault {
			r := d.rule(t, e)
			v, defaults := reflect.ValueOf(r.Fault).Elem(), reflect.ValueOf(e.New()).Elem()
			for _, f := range fieldsOf(v.Type()) {
				if !reflect.DeepEqual(v.Field(f.index).Interface(), defaults.Field(f.index).Interface()) {
					changed[f.key] = true
				}
			}
			var back faults.Rule
			if err := parsePart("rule", r.String(), &back, func() []Problem { return back.Validate() }); err != nil {
				t.Errorf("%s is refused: %v", r, err)
			} else if !reflect.DeepEqual(r, back) {
				t.Errorf("%s reads back as %s", r, back)
			}
			rules = append(rules, r)
		}
		for _, f := range fieldsOf(reflect.TypeOf(e.New()).Elem()) {
			if !changed[f.key] && e.Name+"."+f.key != "rate_limit.scope" { // of which one value is built
				t.Errorf("%s: no rule has another %s than the default", e.Name, f.key)
			}
		}
	}
	for _, key := range unset(reflect.TypeFor[faults.Rule](), "", rules) {
		t.Errorf("no rule has %s", key)
	}
}

// dice make what a struct of the plan may hold, and now and then what it may not.
type dice struct{ *draw.Stream }

// rule makes a valid rule of a fault: it throws until one is.
func (d dice) rule(t *testing.T, e faults.Entry) faults.Rule {
	t.Helper()
	const tries = 50_000
	for range tries {
		f := e.New()
		d.fill(reflect.ValueOf(f).Elem(), 2)
		if len(f.Validate()) > 0 {
			continue
		}
		r := faults.Rule{Fault: f}
		d.fill(reflect.ValueOf(&r).Elem(), 6)
		if faults.IsTCP(e.Name) { // of a call it knows nothing
			r.Match = faults.Match{Proxy: one(d, names)}
		}
		if len(r.Validate()) == 0 {
			return r
		}
	}
	t.Fatalf("%s: %d throws, and none is a valid rule", e.Name, tries)
	return faults.Rule{}
}

// fill gives each key of a struct a value, one in so many times.
func (d dice) fill(v reflect.Value, oneIn int) {
	for _, f := range fieldsOf(v.Type()) {
		if d.IntN(oneIn) == 0 {
			d.value(v.Field(f.index), f.enum)
		}
	}
}

// Texts that YAML takes for something else, or that end what is around them.
var (
	words = []string{"gpt-4o", "org/mini: 4", `a "b" \ 'c'`, "null", "~", "true", "NO", "on", "007", "1e3", "0x1F", "1:30", "2024-01-01", ".inf", "<<", "=",
		"#x", "a #x", "- x", "-", "{", "a, b", "[x]", "&a", "*a", "!a", "|", ">", "%", "@", "`", "?", ": ", "  x  ", "a\tb", "a\nb\n", "\u0085\u2028", "\x00\x7f", "größe 東京 🙂", "$${x}", "*", "gold*"}
	names  = []string{"storm", "a.b-c_d", "null", "True", "no", "on", "y", "7", "007", "1e3", "0x1F", "1.5", "2s", "2024-01-01", "1_000", "x-", "X.Y.Z"}
	phased = []string{"warm", "spike", "null", "no", "5", "007", "1e3", "0x1f", "a-b", "-", "_", "1_000"}
	heads  = []string{"X-Tier", "x", "null", "7", "X!#$%&'*+.^_`|~-"}
	hints  = []string{"none", "soon", "date", "date + 30s", "date - 1h", "2s", "-1s", "1.5s", "150s", "0s", "date + 0s", "1h0m0.25s"}
	times  = []time.Duration{1, 999, 1500, 20 * time.Millisecond, 1500 * time.Millisecond, time.Second, 7 * time.Second, time.Minute, 90 * time.Second, time.Hour,
		time.Hour + time.Second, 25*time.Hour + time.Minute, 24 * time.Hour}
	numbers = []float64{0.001, 0.5, 1, 1.25, 2, 10, 1234.5, 1e6, 1e9}
)

func one[T any](d dice, of []T) T { return of[d.IntN(len(of))] }

// value gives a field a value of its type; enum lists those of a text, if only
// some are allowed.
func (d dice) value(v reflect.Value, enum []string) {
	switch x := v.Addr().Interface().(type) {
	case *faults.Share:
		*x = faults.Share(one(d, []float64{0, 1, 0.5, 0.0017, d.Float64()}))
	case *faults.Hint:
		if err := x.UnmarshalText([]byte(one(d, hints))); err != nil {
			panic(err)
		}
	case *time.Duration:
		*x = one(d, times)
	case *faults.At:
		*x = faults.At{Phase: one(d, append(phased, "")), Offset: one(d, append(times, 0))}
		if x.Phase != "" && d.IntN(3) == 0 {
			x.Offset = -x.Offset
		}
	case *faults.Phases:
		*x = faults.Phases(one(d, phased))
		if other := faults.Phases(one(d, phased)); other != *x && d.IntN(2) == 0 {
			*x += "," + other
		}
	case *[]string: // of which only missing_fields has one
		*x = [][]string{{"usage"}, {"id", "role"}, {"finish_reason", "delta", "index"}}[d.IntN(3)]
	case *[]faults.HeaderMatch:
		*x = []faults.HeaderMatch{{Name: one(d, heads), Value: one(d, words)}, {Name: "x-second", Value: one(d, words)}}
	default:
		d.kind(v, enum)
	}
}

func (d dice) kind(v reflect.Value, enum []string) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(v.Elem(), enum)
	case reflect.Struct:
		d.fill(v, 2)
	case reflect.Bool:
		v.SetBool(d.IntN(2) == 0)
	case reflect.Int, reflect.Int64:
		v.SetInt(one(d, []int64{0, 1, 2, 3, 5, 20, 401, 403, 2048, 100_000}))
	case reflect.Float64:
		v.SetFloat(one(d, numbers))
	case reflect.String:
		switch {
		case enum != nil:
			v.SetString(one(d, enum))
		case d.IntN(3) == 0:
			v.SetString(one(d, names))
		default:
			v.SetString(one(d, words))
		}
	default:
		panic("no value for a " + v.Type().String())
	}
}
