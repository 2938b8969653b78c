package mockmodel

import (
	"testing"
	"time"
)

func TestOrdinalsCountPerStep(t *testing.T) {
	m := newMemory(time.Minute)
	for i, want := range []int{1, 2, 3} {
		if got, _ := m.arrive(1, "m", int64(i)); got != want {
			t.Errorf("attempt %d has ordinal %d", want, got)
		}
	}
	if got, _ := m.arrive(2, "m", 3); got != 1 {
		t.Errorf("another step begins at 1, not %d", got)
	}
}

// A step is remembered for a horizon after its last attempt, and forgotten
// after two: what is kept is bounded by the rate, not by the length of a run.
func TestMemoryForgets(t *testing.T) {
	m := newMemory(time.Minute)
	minute := int64(time.Minute)
	m.arrive(1, "m", 0)
	m.arrive(2, "m", 0)
	if n, _ := m.arrive(1, "m", minute); n != 2 {
		t.Errorf("after one horizon: ordinal %d, want 2", n)
	}
	if n, _ := m.arrive(1, "m", 2*minute); n != 3 {
		t.Errorf("touched again: ordinal %d, want 3", n)
	}
	if n, _ := m.arrive(2, "m", 2*minute); n != 1 {
		t.Errorf("untouched for two horizons: ordinal %d, want 1", n)
	}
	for i := range stepKey(100_000) {
		m.arrive(1000+i, "m", 3*minute+int64(i)*int64(time.Second))
	}
	if n := len(m.young) + len(m.old); n > 2*61 {
		t.Errorf("%d steps in memory at one a second and a horizon of a minute", n)
	}
}

func TestMemoryIsBoundedByNumber(t *testing.T) {
	m := newMemory(time.Hour)
	m.max = 100
	for i := range stepKey(10_000) {
		m.arrive(i, "m", 1)
		if n := len(m.young) + len(m.old); n > 201 {
			t.Fatalf("%d steps in memory", n)
		}
	}
}

func TestHolds(t *testing.T) {
	m := newMemory(time.Minute)
	m.arrive(1, "m", 0)
	m.keep(1, hold{rule: "3", model: "m", untilNs: 100}, 0)
	m.keep(1, hold{rule: "4", model: "m", untilNs: 50}, 0)
	m.keep(1, hold{rule: "3", model: "m", untilNs: 80}, 0) // replaces the first
	for _, c := range []struct {
		now  int64
		want []string
	}{{49, []string{"4", "3"}}, {50, []string{"3"}}, {79, []string{"3"}}, {80, nil}} {
		_, holds := m.arrive(1, "m", c.now)
		var rules []string
		for _, h := range holds {
			rules = append(rules, h.rule)
		}
		if sprint(rules) != sprint(c.want) {
			t.Errorf("at %d: held by %v, want %v", c.now, rules, c.want)
		}
	}
	m.keep(1, hold{rule: "3", model: "m", untilNs: 1000}, 90)
	m.forgetHolds(func(string) bool { return false })
	if _, holds := m.arrive(1, "m", 91); len(holds) != 0 {
		t.Errorf("forgotten holds still hold: %v", holds)
	}
}

// A limit lasts as long as it was said to, however long ago the step was
// touched; limits that have run out take no room.
func TestHoldsLastAndGo(t *testing.T) {
	m := newMemory(time.Minute)
	twoDays, second := int64(48*time.Hour), int64(time.Second)
	m.keep(1, hold{model: "m", untilNs: twoDays}, 0)
	for i := range stepKey(100_000) {
		now := int64(i) * second
		m.arrive(1000+i, "m", now)
		m.keep(1000+i, hold{model: "m", untilNs: now + 2*second}, now)
		if n := len(m.holds); n > sweepMin {
			t.Fatalf("%d steps with limits, three of them last", n)
		}
	}
	if _, holds := m.arrive(1, "m", twoDays-1); len(holds) != 1 {
		t.Error("a limit of two days is forgotten before it has run out")
	}
	if _, holds := m.arrive(1, "m", twoDays); len(holds) != 0 {
		t.Error("a limit of two days has not run out after it")
	}
}

// Limits that never run out are bounded all the same.
func TestHoldsAreBoundedByNumber(t *testing.T) {
	m := newMemory(time.Hour)
	m.max = 5000
	for i := range stepKey(20_000) {
		m.keep(i, hold{untilNs: 1 << 62}, 0)
		if n := len(m.holds); n > m.max {
			t.Fatalf("%d steps with limits", n)
		}
	}
}
