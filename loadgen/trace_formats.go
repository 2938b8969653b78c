package loadgen

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// azureFormat: Azure/AzurePublicDataset, LLM inference traces.
//
//	2023  TIMESTAMP,ContextTokens,GeneratedTokens  2023-11-16 18:17:03.9799600
//	2024  the same columns                         2024-05-10 00:00:00.009930+00:00
//	2025  TIMESTAMP,NumImages,ContextTokens,GeneratedTokens
var azureFormat = traceFormat{"azure", "a trace of Azure lists no failed calls", func(first string) (func(string) (row, error), bool) {
	columns := columnsOf(first)
	at, in, out := find(columns, "TIMESTAMP"), find(columns, "ContextTokens"), find(columns, "GeneratedTokens")
	if at < 0 || in < 0 || out < 0 {
		return nil, false
	}
	return func(line string) (row, error) {
		f := strings.Split(line, ",")
		if len(f) != len(columns) {
			return row{}, fmt.Errorf("has %d columns, and the header %d", len(f), len(columns))
		}
		t, err := azureTime(f[at])
		if err != nil {
			return row{}, err
		}
		return tokens(row{at: t}, f[in], f[out])
	}, false
}}

// azureTime reads a timestamp with up to seven decimals (ticks of 100 ns), with
// or without an offset.
func azureTime(s string) (int64, error) {
	for _, layout := range []string{"2006-01-02 15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00"} {
		if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil {
			return t.UnixNano(), nil
		}
	}
	return 0, fmt.Errorf("%q is no timestamp", s)
}

// burstFormat: HPMLL/BurstGPT, with 6 columns (v1) or 8 (v2). Timestamps are
// seconds; those of v1 are whole, and are replayed as they are: all requests of
// a second at its start. A row with 0 response tokens failed when recorded; it
// is sent like the others.
var burstFormat = traceFormat{"burstgpt", "", func(first string) (func(string) (row, error), bool) {
	columns := columnsOf(first)
	at, model, in, out := find(columns, "Timestamp"), find(columns, "Model"), find(columns, "Request tokens"), find(columns, "Response tokens")
	if at < 0 || model < 0 || in < 0 || out < 0 {
		return nil, false
	}
	return func(line string) (row, error) {
		f := strings.Split(line, ",")
		if len(f) != len(columns) {
			return row{}, fmt.Errorf("has %d columns, and the header %d", len(f), len(columns))
		}
		t, err := seconds(f[at])
		if err != nil {
			return row{}, err
		}
		r, err := tokens(row{at: t, model: strings.TrimSpace(f[model])}, f[in], f[out])
		r.failed = err == nil && r.out == 0
		return r, err
	}, false
}}

// seconds reads a decimal number of seconds exactly, without a float.
func seconds(s string) (int64, error) {
	whole, part, _ := strings.Cut(strings.TrimSpace(s), ".")
	if len(part) > 9 {
		part = part[:9]
	}
	n, err := strconv.ParseInt(whole, 10, 64)
	frac, err2 := strconv.ParseInt(part+strings.Repeat("0", 9-len(part)), 10, 64)
	if err != nil || err2 != nil || n < 0 || n > 1<<32 || frac < 0 {
		return 0, fmt.Errorf("%q is no time in seconds", s)
	}
	return n*int64(time.Second) + frac, nil
}

// mooncakeFormat: kvcache-ai/Mooncake, JSON lines with timestamp in ms.
var mooncakeFormat = traceFormat{"mooncake", "a trace of Mooncake lists no failed calls", func(first string) (func(string) (row, error), bool) {
	if _, err := mooncakeRow(first); err != nil {
		return nil, false
	}
	return mooncakeRow, true
}}

// msMax is how many milliseconds fit into 63 bits of nanoseconds.
const msMax = 9e12

func mooncakeRow(line string) (row, error) {
	var v struct {
		Timestamp *json.Number `json:"timestamp"`
		In        *int         `json:"input_length"`
		Out       *int         `json:"output_length"`
	}
	if err := json.Unmarshal([]byte(line), &v); err != nil {
		return row{}, fmt.Errorf("is no JSON object of a trace: %w", err)
	}
	if v.Timestamp == nil || v.In == nil || v.Out == nil {
		return row{}, errors.New("lacks timestamp, input_length or output_length")
	}
	ms, err := v.Timestamp.Float64()
	if err != nil || !(ms >= 0 && ms < msMax) {
		return row{}, fmt.Errorf("timestamp %s is no time in milliseconds", *v.Timestamp)
	}
	return checked(row{at: int64(ms * 1e6), in: *v.In, out: *v.Out})
}

func columnsOf(header string) []string {
	columns := strings.Split(header, ",")
	for i := range columns {
		columns[i] = strings.TrimSpace(columns[i])
	}
	return columns
}

func find(columns []string, name string) int {
	for i, c := range columns {
		if c == name {
			return i
		}
	}
	return -1
}

func tokens(r row, in, out string) (row, error) {
	var err, err2 error
	r.in, err = strconv.Atoi(strings.TrimSpace(in))
	r.out, err2 = strconv.Atoi(strings.TrimSpace(out))
	if err != nil || err2 != nil {
		return row{}, fmt.Errorf("%q and %q are no numbers of tokens", in, out)
	}
	return checked(r)
}

func checked(r row) (row, error) {
	if r.in < 0 || r.out < 0 || r.in > tokensMax || r.out > tokensMax {
		return row{}, fmt.Errorf("%d and %d tokens are out of range", r.in, r.out)
	}
	return r, nil
}
