package faults

// wrongDialects are those whose answers are words.
var wrongDialects = []string{"openai", "azure", "anthropic", "gemini", "ollama", "bedrock"}

var wrongAnswer = Entry{
	Name: "wrong_answer", Stage: "model", Slots: SlotMutation, Dialects: wrongDialects, Steps: []string{"chat"},
	Summary: "answers something else, plausible and wrong",
	Doc: `A whole and valid answer in other words than those that belong to the question; form, length, usage and speed are as usual. ` +
		`What makes it provable is a canary: its watermarks vouch for the words of the right answer, which are not there, so that a user who gets it has the outcome wrong. ` +
		`Answers of the plan, and such as must be JSON, have no such watermarks: they are given as they are, and the rule has missed. ` +
		`A good client of a model that can be wrong checks what can be checked (a second model, a rule, a source for each claim) before it acts, and degrades or says so where the check fails; one that does not passes the answer on, which is what the outcome shows.`,
	New: fixed("wrong_answer", Effect{Mutation: &Mutation{Kind: MutationOtherWords}}),
}

var stickyMisroute = Entry{
	Name: "sticky_misroute", Stage: "model", Slots: SlotMutation, Dialects: wrongDialects, Steps: []string{"chat"},
	Summary: "answers in garbage; with per: tenant, always the same ones",
	Doc: `A whole and valid answer in which letters of another script stand amid the words, as a server with a wrong configuration writes them. ` +
		`Who is sent to that server stays there, so write per: tenant: with probability: 16% about one tenant in six gets only such answers and the others none, the same ones in each run of a seed. ` +
		`Its watermarks vouch for the words that should be there: the outcome is wrong. Answers of the plan, and such as must be JSON, have none: the rule has missed. ` +
		`A good client watches quality for each tenant or session and not on average alone, with questions whose answers it knows, and moves those who fare badly to another endpoint. ` +
		`Seen in Anthropic's postmortem of 2025-09-17: up to 16 % of the requests to Sonnet 4 went to the wrong servers in the worst hour, sticky; Thai or Chinese letters in answers in English are another trouble of the same weeks, and stand here for what was bad about them.`,
	New: fixed("sticky_misroute", Effect{Mutation: &Mutation{Kind: MutationOtherScript}}),
}
