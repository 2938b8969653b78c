package faults

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chaoskit/chaos/internal/draw"
	"github.com/chaoskit/chaos/internal/golden"
)

// The promise of keyed dice over a whole run: what a rule chooses depends on
// the attempt alone, not on the other rules, not on the probability except that
// more of it adds, and not on which process decides, or in which order. Each
// property is asked of dice that keep it and of dice that break it.

// manyCalls are 12,000 attempts over all phases: 3,900 requests of 3 attempts,
// and 300 attempts that nobody names.
func manyCalls() []Call {
	var calls []Call
	names := []string{"warm", "ramp", "spike", "recovery"}
	for i := range int64(3900) {
		for ordinal := 1; ordinal <= 3; ordinal++ {
			c := call(i)
			c.Phase = names[i%4]
			c.Tenant, c.StepHash, c.Ordinal = fmt.Sprint(i%40), 0xabc+uint64(i%7), ordinal
			c.ArrivedNs = sec(0.5) + i*sec(0.01) + int64(ordinal)*sec(0.3)
			calls = append(calls, c)
		}
	}
	for i := range int64(300) {
		calls = append(calls, Call{Kind: "chat", Model: "gpt-4o", Stream: true, StepHash: 0xdef0 + uint64(i), Ordinal: 1, ArrivedNs: sec(0.5) + i*sec(0.1)})
	}
	return calls
}

// manyRules overlap in time, and throw their dice for all that one throw can cover.
func manyRules() []Rule {
	return []Rule{
		{Name: "storm", Fault: newFault("rate_limit"), During: "spike", Probability: ptr(Share(0.4))},
		{Name: "step", Fault: newFault("http_502"), Probability: ptr(Share(0.2)), Per: PerStep},
		{Name: "request", Fault: newFault("empty_200"), Probability: ptr(Share(0.1)), Per: PerRequest},
		{Name: "tenant", Fault: newFault("http_503"), Probability: ptr(Share(0.3)), Per: PerTenant},
		{Name: "slow", Fault: &SlowTTFT{By: 1e9, Jitter: 0.5}, Probability: ptr(Share(0.5)), Times: 2},
	}
}

// dice are a way to draw, made anew for the rules of a plan. The others than
// keyed are the mistakes that the properties must notice.
var dice = map[string]func(rules []Rule) Bits{
	"keyed": func([]Rule) Bits { return draw.Bits },
	"index of the rule in the key": func(rules []Rule) Bits {
		return func(seed uint64, fields ...string) uint64 {
			at := slices.IndexFunc(rules, func(r Rule) bool { return r.RuleName() == fields[1] })
			return draw.Bits(seed, append(slices.Clone(fields), strconv.Itoa(at))...)
		}
	},
	"probability in the key": func(rules []Rule) Bits {
		return func(seed uint64, fields ...string) uint64 {
			at := slices.IndexFunc(rules, func(r Rule) bool { return r.RuleName() == fields[1] })
			return draw.Bits(seed, append(slices.Clone(fields), rules[at].Probability.String())...)
		}
	},
	"arrival order in the key": func([]Rule) Bits {
		arrived := 0
		return func(seed uint64, fields ...string) uint64 {
			arrived++
			return draw.Bits(seed, append(slices.Clone(fields), strconv.Itoa(arrived))...)
		}
	},
}

// decideAll returns one line per attempt and rule that was eligible, sorted.
func decideAll(t testing.TB, how string, rules []Rule, calls []Call) []string {
	s := schedule(t, 7, rules...).WithBits(dice[how](rules))
	var log []string
	for _, c := range calls {
		d := s.Decide(c)
		for _, h := range d.Hits {
			delay := ""
			if h.Slots.Has(SlotDelay) {
				delay = " " + d.Effect.Delay.Extra.String()
			}
			log = append(log, fmt.Sprintf("%s %s/%d tenant %s step %x try %d: %s %s%s", h.Name, c.Phase, c.Index, c.Tenant, c.StepHash, c.Ordinal, h.State, h.Slots, delay))
		}
	}
	slices.Sort(log)
	return log
}

// chosenBy returns the attempts that each rule chooses.
func chosenBy(t testing.TB, how string, rules []Rule) map[string]map[int]bool {
	s := schedule(t, 7, rules...).WithBits(dice[how](rules))
	out := map[string]map[int]bool{}
	for _, r := range rules {
		out[r.RuleName()] = map[int]bool{}
	}
	for i, c := range manyCalls() {
		for _, h := range s.Decide(c).Hits {
			if h.State == Chosen {
				out[h.Name][i] = true
			}
		}
	}
	return out
}

// differ counts what is in one of a and b and not in the other.
func differ(a, b map[int]bool) (n int) {
	for k := range a {
		if !b[k] {
			n++
		}
	}
	for k := range b {
		if !a[k] {
			n++
		}
	}
	return n
}

// removalChanges counts the choices of the other rules that change when a rule
// is taken out of the plan, for each rule in turn.
func removalChanges(t testing.TB, how string) (changed int) {
	rules := manyRules()
	all := chosenBy(t, how, rules)
	for i := range rules {
		for name, chosen := range chosenBy(t, how, slices.Delete(slices.Clone(rules), i, i+1)) {
			changed += differ(all[name], chosen)
		}
	}
	return changed
}

// raisingSpares counts the attempts that a rule no longer chooses when its
// probability is raised.
func raisingSpares(t testing.TB, how string) (spared int) {
	rules := manyRules()
	before := chosenBy(t, how, rules)
	for i := range rules {
		raised := slices.Clone(rules)
		raised[i].Probability = ptr(*rules[i].Probability + 0.05)
		after := chosenBy(t, how, raised)
		name := rules[i].RuleName()
		for k := range before[name] {
			if !after[name][k] {
				spared++
			}
		}
	}
	return spared
}

// A child of this test decides its shard and writes the log to a file.
const (
	shardEnv = "CHAOS_TEST_SHARD" // K/N
	diceEnv  = "CHAOS_TEST_DICE"
	logEnv   = "CHAOS_TEST_LOG"
)

func TestMain(m *testing.M) {
	if os.Getenv(shardEnv) == "" {
		os.Exit(m.Run())
	}
	var k, n int
	if _, err := fmt.Sscanf(os.Getenv(shardEnv), "%d/%d", &k, &n); err != nil {
		panic(err)
	}
	log := decideAll(&testing.T{}, os.Getenv(diceEnv), manyRules(), shard(manyCalls(), k, n))
	if err := os.WriteFile(os.Getenv(logEnv), []byte(strings.Join(log, "\n")), 0o600); err != nil {
		panic(err)
	}
}

// shard returns the attempts of the k-th of n processes: whole keys, spread
// evenly. An attempt that nobody names has its step for a key.
func shard(calls []Call, k, n int) (mine []Call) {
	for _, c := range calls {
		phase, index := c.keyFields()
		if draw.Bits(0, "test.shard", phase, index)%uint64(n) == uint64(k) {
			mine = append(mine, c)
		}
	}
	return mine
}

// decideIn decides all attempts in n processes, and merges what they wrote.
func decideIn(t testing.TB, how string, n int) string {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var log []string
	for k := range n {
		file := filepath.Join(dir, fmt.Sprint(k))
		child := exec.Command(self)
		child.Env = append(os.Environ(), fmt.Sprintf("%s=%d/%d", shardEnv, k, n), diceEnv+"="+how, logEnv+"="+file)
		if out, err := child.CombinedOutput(); err != nil {
			t.Fatalf("process %d of %d: %v: %s", k+1, n, err, out)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(text), "\n")
		if len(lines) < 1000 {
			t.Fatalf("process %d of %d decided %d times: the shards are not even", k+1, n, len(lines))
		}
		log = append(log, lines...)
	}
	slices.Sort(log)
	return strings.Join(log, "\n")
}

func TestDecisionsOfManyAttempts(t *testing.T) {
	if n := len(manyCalls()); n < 10_000 {
		t.Fatalf("%d attempts prove too little", n)
	}
	for _, p := range []struct {
		property string
		broken   func(how string) bool
		mutant   string
	}{
		{"removing a rule changes no choice of the others", func(how string) bool { return removalChanges(t, how) > 0 }, "index of the rule in the key"},
		{"raising a probability only adds", func(how string) bool { return raisingSpares(t, how) > 0 }, "probability in the key"},
		{"four processes decide as one does", func(how string) bool {
			one, four := decideIn(t, how, 1), decideIn(t, how, 4)
			if how == "keyed" && one != four {
				t.Log(golden.Difference(four, one))
			}
			return one != four
		}, "arrival order in the key"},
	} {
		t.Run(p.property, func(t *testing.T) {
			if p.broken("keyed") {
				t.Error("does not hold")
			}
			if !p.broken(p.mutant) {
				t.Errorf("holds with the %s too: the test proves nothing", p.mutant)
			}
		})
	}
}

// One process decides as this one does: what is compared is not an empty file.
func TestTheChildDecidesWhatThisProcessDecides(t *testing.T) {
	here := strings.Join(decideAll(t, "keyed", manyRules(), manyCalls()), "\n")
	if there := decideIn(t, "keyed", 1); there != here {
		t.Error(golden.Difference(there, here))
	}
}

// A share of the tenants is hit in all their attempts, in every phase and in
// every process, and nobody else is.
func TestAShareOfTenantsIsSticky(t *testing.T) {
	states := map[string]State{}
	hit := 0
	for line := range strings.SplitSeq(decideIn(t, "keyed", 4), "\n") {
		var key, tenant, step, try string
		var state State
		if n, _ := fmt.Sscanf(line, "tenant %s tenant %s step %s try %s %s", &key, &tenant, &step, &try, &state); n != 5 || state == Unknown {
			continue
		}
		before, ok := states[tenant]
		if ok && before != state {
			t.Fatalf("tenant %s is %s, and once %s: %s", tenant, before, state, line)
		}
		if !ok && state == Chosen {
			hit++
		}
		states[tenant] = state
	}
	if len(states) != 40 || hit < 4 || hit > 20 {
		t.Errorf("%d of %d tenants are hit, want about 12 of 40", hit, len(states))
	}
}
