package faults

// What a proxy before the provider answers. proxyDoc is what the pages have in common.
const proxyDoc = ` The page is a proxy's, so it has none of the provider's headers, and the model is never asked: nothing is billed. ` +
	`The Realtime API's socket has no pages, and a rule is a miss there. `

var html502 = Entry{
	Name: "html_502", Stage: "headers", Slots: SlotStatus, Sockets: SocketNever,
	Summary: "answers with a proxy's HTML page and status 502",
	Doc: `Status 502, Content-Type text/html, and a page that no parser of JSON reads.` + proxyDoc +
		`A good client decides by the status, retries a few times with growing, jittered waits, and never shows or parses the page. Seen in perplexity #284, about 5 % of calls at 30 a minute.`,
	New: fixed("html_502", Effect{Status: &Status{Kind: StatusPage, Code: 502}}),
}

var cf520 = Entry{
	Name: "cf_520", Stage: "headers", Slots: SlotStatus, Sockets: SocketNever,
	Summary: "answers with a content network's HTML page and status 520",
	Doc: `Status 520, with the headers server: cloudflare and cf-ray (as in the pages of Cloudflare), Content-Type text/html, and a page whose words are ours: what the network in front of a provider says of an origin that it does not understand. ` +
		`520 is in no standard, and SDKs retry it as any status from 500 on.` + proxyDoc +
		`A good client retries it as it does a 502. Seen in claude-code #3197; letta #2136 got it as JSON.`,
	New: fixed("cf_520", Effect{Status: &Status{Kind: StatusPage, Code: 520}}),
}

var html200 = Entry{
	Name: "html_200", Stage: "body", Slots: SlotStatus, Sockets: SocketNever,
	Summary: "answers with a proxy's HTML page and status 200",
	Doc: `Status 200, Content-Type text/html, and a page where the answer should be: a portal that wants a login, a page that asks to prove that one is human, a site in maintenance.` + proxyDoc +
		`A good client looks at the Content-Type before it parses, calls it an error and not an empty answer, and retries it a few times at most. ` +
		`A stream's client that takes every line which is no event for a comment ends with an empty answer and no error.`,
	New: fixed("html_200", Effect{Status: &Status{Kind: StatusPage, Code: 200}}),
}

var emptyBody200 = Entry{
	Name: "empty_body_200", Stage: "body", Slots: SlotStatus, Sockets: SocketNever,
	Summary: "succeeds with a body of no bytes",
	Doc: `Status 200, the media type of the answer, Content-Length 0 and nothing else, for a stream too.` + proxyDoc +
		`A good client takes it for an error and not for an empty answer: no parser of JSON accepts it, but a client of streams that only waits for the end may. It retries a few times at most. ` +
		`It is what a gateway leaves whose upstream dies between its headers and its body; errorworks has it as empty_body, and no report with a number is known.`,
	New: fixed("empty_body_200", Effect{Status: &Status{Kind: StatusNothing, Code: 200}}),
}
