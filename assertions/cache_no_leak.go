package assertions

var noLeakEntry = Entry{
	ID: "cache.no_leak", Number: "C-1",
	Claim:  "No user gets an answer that was made for another tenant.",
	Doc:    "The tenant in the watermarks of an answer is the tenant that asked.",
	Source: SourceHeuristic, SourceNote: "one leak is one too many",
	SoundSide:   "fail: the watermark carries the tenant that the words were made for",
	Confounders: []string{"C13 a prompt marker makes every prompt different, so exact caches are never hit"},
	Exposed:     "answers with a watermark, of at least two tenants", Need: needInvariant,
	New: func() Check { return &NoLeak{} },
}

// NoLeak is cache.no_leak; it has no arguments.
type NoLeak struct{}

// Validate finds nothing wrong: there are no arguments.
func (c *NoLeak) Validate() []Problem { return nil }
