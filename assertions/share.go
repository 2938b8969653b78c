package assertions

import (
	"fmt"
	"strconv"
	"strings"
)

// Share is a part of a whole, 0 to 1. A plan writes 99% or 0.99.
type Share float64

// UnmarshalText reads "99%" or "0.99".
func (s *Share) UnmarshalText(text []byte) error {
	t := strings.TrimSpace(string(text))
	num, percent := strings.CutSuffix(t, "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(num), 64)
	if percent {
		v /= 100
	}
	if err != nil || !(v >= 0 && v <= 1) {
		return fmt.Errorf("%q is not a share: write 99%% or 0.99", t)
	}
	*s = Share(v)
	return nil
}

// String prints the share in percent, as a plan reads it back.
func (s Share) String() string { return strconv.FormatFloat(float64(s)*100, 'g', 12, 64) + "%" }

// SchemaPattern is the regular expression of a share written as text.
func (Share) SchemaPattern() string {
	return `^\s*(?:(?:100(?:\.0+)?|[0-9]{1,2}(?:\.[0-9]+)?)\s*%|0(?:\.[0-9]+)?|1(?:\.0+)?)\s*$`
}

// SchemaNumber is what a share may be as a number.
func (Share) SchemaNumber() map[string]any {
	return map[string]any{"type": "number", "minimum": 0, "maximum": 1}
}
