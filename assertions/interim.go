package assertions

type view struct{}
type exam struct{}

const jitterGaps = 100
const amplificationCalls = 100

func Judge(j *Journal, s Setup, specs []Spec) *Judgement { return &Judgement{} }

type Forecast struct {
	ID          string
	Name        string
	Expected    int64
	Needed      int64
	CanConclude bool
	Note        string
}

func Preview(s Setup, specs []Spec) []Forecast   { return nil }
func (c *RetryAttempts) examine(v *view) exam    { return exam{} }
func (c *RetryBackoff) examine(v *view) exam     { return exam{} }
func (c *RetryFirstDelay) examine(v *view) exam  { return exam{} }
func (c *RetryJitter) examine(v *view) exam      { return exam{} }
func (c *RetryAfter) examine(v *view) exam       { return exam{} }
func (c *OnlyRetryable) examine(v *view) exam    { return exam{} }
func (c *Amplification) examine(v *view) exam    { return exam{} }
func (c *Latency) examine(v *view) exam          { return exam{} }
func (c *Tokens) examine(v *view) exam           { return exam{} }
func (c *Cost) examine(v *view) exam             { return exam{} }
func (c *NoOrphanAttempts) examine(v *view) exam { return exam{} }
func (c *Available) examine(v *view) exam        { return exam{} }
func (c *Fallback) examine(v *view) exam         { return exam{} }
func (c *Disclosed) examine(v *view) exam        { return exam{} }
func (c *NoEmpty) examine(v *view) exam          { return exam{} }
func (c *NoTruncated) examine(v *view) exam      { return exam{} }
func (c *NoLeak) examine(v *view) exam           { return exam{} }
func (c *Goodput) examine(v *view) exam          { return exam{} }
func (c *Recovers) examine(v *view) exam         { return exam{} }
