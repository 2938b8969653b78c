package wire

import (
	"fmt"
	"html"
	"strconv"
	"strings"
	"testing"
)

// words of one stretch between two marks of an attempt.
func words(attempt uint64, seq int) string {
	return Text(attempt, 5, "words", strconv.Itoa(seq)) // not MarkEvery, to keep the tables readable
}

// tell writes an answer down from a script: a letter is an attempt, a digit its
// mark of that number with the words that stand before it, a dot behind it says
// that it is the last. a1' is the mark without its words, as a short
// mark; "lose" drops the last word of what came so far.
func tell(script string) string {
	var b strings.Builder
	for _, word := range strings.Fields(script) {
		switch {
		case word == "word":
			b.WriteString("word ")
			continue
		case word == "lose":
			text := strings.TrimRight(b.String(), " ")
			b.Reset()
			b.WriteString(text[:strings.LastIndexByte(text, ' ')+1])
			continue
		case word == "bad":
			m := []byte(fuzzCodec.Mark(exampleMark(0, false)))
			m[len(m)-1] ^= 1
			b.WriteString(string(m) + " ")
			continue
		}
		codec := fuzzCodec
		if word[0] == 'z' {
			codec = otherCodec
		}
		id := exampleID()
		id.Run = codec.Run
		m := Mark{Attempt: uint64(word[0]), ID: id, Model: "gpt-4o"}
		if word[1] == 's' {
			b.WriteString(codec.ShortMark(m) + " ")
			continue
		}
		m.Seq, m.End = int(word[1]-'0'), strings.Contains(word, ".")
		if m.Seq > 0 {
			text := words(m.Attempt, m.Seq)
			var l Letters
			l.Add([]byte(text))
			m.Text = l.Sum()
			if !strings.HasSuffix(word, "'") {
				b.WriteString(text)
			}
		}
		b.WriteString(codec.Mark(m) + " ")
	}
	return b.String()
}

// read returns what is found in a text that comes in pieces.
func read(text string, size int) string {
	m := fuzzCodec.NewMarks()
	for s := text; s != ""; {
		n := min(size, len(s))
		_, _ = m.Write([]byte(s[:n]))
		s = s[n:]
	}
	return found(m)
}

func found(m *Marks) string {
	var got []string
	for _, a := range m.Summary() {
		name := "?"
		if a.Attempt != 0 {
			name = fmt.Sprintf("%c", rune(a.Attempt))
		}
		if a.Whole() {
			name += " whole"
		}
		if f := a.Found.String(); f != "" {
			name += " " + f
		}
		got = append(got, name)
	}
	if m.More() > 0 {
		got = append(got, fmt.Sprint(m.More(), " more"))
	}
	return strings.Join(got, "; ")
}

// What the watermarks of an answer say.
func TestMarksOfAnAnswer(t *testing.T) {
	many := ""
	for c := 'a'; c < 'a'+25; c++ { // z is another run's
		many += string(c) + "0. "
	}
	for c := 'A'; c < 'A'+26; c++ {
		many += string(c) + "0. "
	}
	for _, c := range "0123456789!#$" {
		many += string(c) + "0. "
	}
	rows := []struct{ words, script, want string }{
		{"no marks", "word word", ""},
		{"an answer, whole", "a0 a1 a2.", "a whole"},
		{"an answer of one mark", "a0.", "a whole"},
		{"an answer that is cut", "a0 a1", "a cut"},
		{"an answer that begins in its middle", "word a1' a2.", "a headless"},
		{"an answer that is cut on both sides", "a1' a2 a3", "a cut, headless"},
		{"a hole", "a0 a2.", "a missing"},
		{"a stretch twice", "a0 a1 a1 a2.", "a duplicated"},
		{"the whole text twice", "a0 a1. a0 a1.", "a duplicated"},
		{"the beginning twice: a retry that starts again", "a0 a1 a0 a1 a2.", "a duplicated"},
		{"a mark twice, its words once", "a0 a1 a1' a2.", "a duplicated"},
		{"two stretches exchanged", "a0 a2 a1 a3.", "a reordered"},
		{"the end before the middle", "a0 a2. a1", "a reordered"},
		{"something behind the end", "a0 a1. a2", "a reordered"},
		{"a hole, and a stretch twice", "a0 a2 a2 a3.", "a missing, duplicated"},
		{"a word lost between two marks", "a0 a1 word lose lose a2.", "a missing"}, // the mark a1 went with it
		{"a word lost before a mark", "a0 word a1' a2.", "a edited"},
		{"a word added between two marks", "a0 a1 word a2.", "a edited"},
		{"the words between two marks lost", "a0 a1 a2.'", "a edited"},
		{"words before the first mark and behind the last are the service's", "word a0 a1 a2. word", "a whole"},
		{"a damaged mark, alone", "word bad", "? damaged"},
		{"a damaged mark belongs to the answer before it", "a0. b0 bad b1.", "a whole; b damaged"},
		{"two answers, one after the other", "a0 a1. word b0 b1.", "a whole; b whole"},
		{"the second of two answers is cut", "a0 a1. b0 b1", "a whole; b cut"},
		{"two answers that are woven", "a0 b0 a1. b1.", "a spliced; b spliced"},
		{"one answer in the middle of another", "a0 a1 b0 b1. a2.", "a spliced; b spliced"},
		{"one answer goes on where another broke off", "a0 a1 b2 b3.", "a cut, spliced; b headless, spliced"},
		{"a retry from the start, behind what broke off", "a0 a1 b0 b1 b2.", "a cut, spliced; b spliced"},
		{"the end of one behind another that is whole", "a0 a1. b2 b3.", "a spliced; b headless, spliced"},
		{"words of another attempt between two marks", "a0 a1 word word a2' a3.", "a edited"},
		{"another run's", "z0 z1.", "z whole other run"},
		{"another run's beside ours", "z0 z1. a0 a1.", "z whole other run; a whole"},
		{"a short mark names an attempt", "as word", "a short"},
		{"a short mark twice", "as as bs", "a short; b short"},
		{"a short mark of another run", "zs", "z short, other run"},
		{"a short mark in a text changes nothing of it", "a0 bs a1.", "a whole; b short"},
		{"a short mark, then the text of that attempt", "as a0 a1.", "a whole"},
		{"a short mark of an attempt that is known by its text", "a0 a1. as", "a whole"},
		{"65 answers", many + "%0. &0. %0.", "3 more"},
	}
	for _, row := range rows {
		for _, size := range []int{1, 7, 1 << 20} {
			got := read(tell(row.script), size)
			if strings.HasSuffix(row.want, "more") {
				if !strings.HasSuffix(got, "; "+row.want) || strings.Count(got, "whole") != AnswersMax {
					t.Errorf("%s: %s", row.words, got)
				}
			} else if got != row.want {
				t.Errorf("%s, %d bytes at a time: %s, want %s", row.words, size, got, row.want)
			}
		}
	}
}

// answerText is an answer as the provider says it: marks MarkEvery tokens apart.
func answerText(attempt uint64, tokens int) string {
	var b strings.Builder
	text := Text(attempt, tokens, "answer")
	var l Letters
	for seq := 0; ; seq++ {
		m := Mark{Attempt: attempt, ID: exampleID(), Model: "gpt-4o", Seq: seq, End: text == ""}
		if seq > 0 {
			m.Text = l.Sum()
		}
		b.WriteString(fuzzCodec.Mark(m) + " ")
		if text == "" {
			return b.String()
		}
		n := min(len(text), MarkEvery*TokenBytes)
		l = Letters{}
		l.Add([]byte(text[:n]))
		b.WriteString(text[:n])
		text = text[n:]
	}
}

// Wherever a text is cut it is cut; wherever its beginning is lost, that is
// found once a mark has gone with it.
func TestEveryCut(t *testing.T) {
	text := answerText('a', 200)
	end := strings.LastIndex(text, markPrefix) + markLen
	for i := range text {
		want := "a cut"
		switch {
		case i < markLen:
			want = ""
		case i >= end:
			want = "a whole"
		}
		if got := read(text[:i], 1<<20); got != want {
			t.Fatalf("cut at %d: %q, want %q", i, got, want)
		}
		want = "a headless"
		switch {
		case i == 0:
			want = "a whole"
		case i > end-markLen:
			want = ""
		}
		if got := read(text[i:], 1<<20); got != want {
			t.Fatalf("without its first %d bytes: %q, want %q", i, got, want)
		}
	}
}

// A stretch that is lost, doubled, or put in from another attempt is found,
// however short it is and wherever it stands between two marks, as long as it
// has a letter. Once in 2^15 the sum does not tell.
func TestEveryLossDoublingAndInsertion(t *testing.T) {
	text, foreign := answerText('a', 150), Text('b', 150, "answer")
	first, last := markLen, strings.LastIndex(text, markPrefix)
	letters := func(s string) bool { return strings.ContainsAny(s, "abcdefghiklmnoprstuvwy") }
	tried, unseen := 0, 0
	for _, size := range []int{1, 4, 9, 80, 300} {
		for i := first; i+size <= last; i++ {
			part := text[i : i+size]
			changed := []string{text[:i] + foreign[i%100:][:size] + text[i:]}
			if letters(part) {
				changed = append(changed, text[:i]+text[i+size:], text[:i]+part+text[i:])
			}
			for _, c := range changed {
				if tried++; letters(foreign[i%100:][:size]) && read(c, 1<<20) == "a whole" {
					unseen++
				}
			}
		}
	}
	if tried < 5_000 || unseen > 2 {
		t.Errorf("%d of %d changes went unseen", unseen, tried)
	}
}

// Splices of two attempts: at every point of the one, going on at every seventh
// of the other. What leaves no mark of the other is a cut, or whole with words
// behind it that may be anybody's.
func TestEverySplice(t *testing.T) {
	a, b := answerText('a', 90), answerText('b', 90)
	end, last := strings.LastIndex(a, markPrefix)+markLen, strings.LastIndex(b, markPrefix)
	for i := markLen; i < len(a); i++ {
		for j := i % 7; j < len(b); j += 7 {
			text := a[:i] + b[j:]
			got := read(text, 1<<20)
			switch {
			case i < end && strings.HasPrefix(text, a[:end]): // nothing was exchanged
			case j > last:
				// Digits of both may make up a mark: damaged, or the other's where they agree so far.
				if want := read(a[:i], 1<<20); got != want && got != want+", damaged" && !strings.Contains(got, "spliced") {
					t.Fatalf("%d, then %d: %s, want %s", i, j, got, want)
				}
			case i >= end && j == 0:
				if got != "a whole; b whole" {
					t.Fatalf("one whole text behind the other: %s", got)
				}
			case !strings.Contains(got, "spliced") || strings.Contains(got, "a whole"):
				t.Fatalf("%d, then %d: %s", i, j, got)
			}
		}
	}
}

// What texts go through on their way to a user, and what it does to marks.
func TestWhatMarksSurvive(t *testing.T) {
	text := answerText('a', 150) + fuzzCodec.ShortMark(Mark{Attempt: 'b', ID: exampleID()})
	const all = "a whole; b short"
	markdown := func(s string) string {
		for _, c := range "\\`*_{}[]()#+-.!|" {
			s = strings.ReplaceAll(s, string(c), `\`+string(c))
		}
		return s
	}
	rows := []struct {
		words string
		do    func(string) string
		want  string
	}{
		{"nothing", func(s string) string { return s }, all},
		{"JSON, not decoded", strconv.Quote, all},
		{"HTML escapes", html.EscapeString, all},
		{"Markdown escapes", markdown, all},
		{"Markdown around each word", func(s string) string { return "# **" + strings.ReplaceAll(s, " ", "** _") + "_" }, all},
		{"lines broken anew", func(s string) string { return strings.ReplaceAll(s, " ", "\r\n> ") }, all},
		{"space taken out", func(s string) string { return strings.ReplaceAll(s, " ", "") }, all},
		{"spaces that are none of ASCII", func(s string) string { return strings.ReplaceAll(s, " ", "\u00a0") }, all},
		{"citations by number", func(s string) string { return strings.ReplaceAll(s, " the ", " the [1] ") }, all},
		// Not promised:
		{"upper case: no marks are left", strings.ToUpper, ""},
		{"words put in between", func(s string) string { return strings.Replace(s, "e ", "e <b>", 1) }, "a edited; b short"},
	}
	for _, row := range rows {
		if got := read(row.do(text), 5); got != row.want {
			t.Errorf("%s: %s, want %s", row.words, got, row.want)
		}
	}
}

// A short mark holds an attempt, and stands only where there is room.
func TestShortMarks(t *testing.T) {
	mark := fuzzCodec.ShortMark(exampleMark(0, false))
	if len(mark) != ShortLen {
		t.Fatalf("%q has %d bytes, want %d", mark, len(mark), ShortLen)
	}
	for _, row := range []struct {
		words, text string
		most        int
		want        string
	}{
		{"no bound", "a word", -1, "a word " + mark},
		{"an empty string", "", -1, mark},
		{"just enough room", "é", ShortLen + 2, "é " + mark},
		{"one character too few", "é", ShortLen + 1, "é"},
		{"no room at all", "", 3, ""},
	} {
		got, ok := AddMark(row.text, mark, row.most)
		if got != row.want || ok != (got != row.text) {
			t.Errorf("%s: %q, %v, want %q", row.words, got, ok, row.want)
		}
	}
	for _, text := range []string{`{"id":"` + mark + `"}`, "x" + mark + "y", "qzqz" + mark, fuzzCodec.Mark(exampleMark(0, false))[:20] + mark} {
		f := fuzzCodec.FindMarks([]byte(text))
		if len(f) != 1 || f[0].Attempt != 77 || !f[0].Short || f[0].Bad || f[0].OtherRun || text[f[0].Off:][:ShortLen] != mark {
			t.Errorf("%q: %+v", text, f)
		}
	}
	if got := StripMarkers("a " + mark + " b " + fuzzCodec.Mark(exampleMark(0, false)) + " c qzj qzx"); got != "a b c qzj qzx" {
		t.Errorf("stripped: %q", got)
	}
	for n := range mark {
		damaged := []byte(mark)
		damaged[n] = 'a' + (damaged[n]-'a'+1)%26
		if got := read("word "+string(damaged), 1<<20); got != "" {
			t.Errorf("damaged at %d: %s", n, got)
		}
	}
}
