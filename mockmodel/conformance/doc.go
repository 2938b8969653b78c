// Package conformance holds official SDKs against the mock model. It is a
// module of its own, so that no SDK enters the go.mod of chaos:
//
//	cd mockmodel/conformance && go test ./...
//
// What the SDKs do is data with a version: the tests here say what
// openai-go v3.96.0 does, and fail when an update changes its mind.
package conformance
