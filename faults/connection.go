package faults

var hangBeforeHeaders = Entry{
	Name: "hang_before_headers", Stage: "headers", Slots: SlotConnection,
	Summary: "accepts the call and never answers a byte",
	Doc: `The request is read whole, then nothing is sent and the connection stays open until the caller leaves. ` +
		`A good client has a timeout on the wait for headers that is shorter than its own caller's patience, closes the connection when it fires, ` +
		`and counts the call against its budget. Without one it waits for ten minutes, the default of the official Python and Node SDKs. ` +
		`Seen in anthropics/claude-code #49716 (over five minutes) and microsoft/vscode #321671 (four of six timeouts).`,
	New: fixed("hang_before_headers", Effect{Connection: &Connection{Kind: ConnectionHang}}),
}

var connResetPre = Entry{
	Name: "conn_reset_pre", Stage: "connection", Slots: SlotConnection,
	Summary: "reads the call, then resets the connection",
	Doc: `The request is read, then the connection is closed with a TCP reset instead of an answer; the caller sees "connection reset by peer". ` +
		`A good client retries with backoff: nothing was answered, though the provider may have started to work. ` +
		`It does not reuse the connection, and does not take the reset for an end of the answer. The same as reset_peer of Shopify/toxiproxy.`,
	New: fixed("conn_reset_pre", Effect{Connection: &Connection{Kind: ConnectionResetPre}}),
}
