// Package conformance holds official SDKs against the mock model. It is a
// module of its own, so that no SDK enters the go.mod of chaos:
//
//	cd mockmodel/conformance
//	npm ci --prefix npm --ignore-scripts
//	npm ci --prefix portkey --ignore-scripts
//	go test ./...
//
// An SDK is a file that says what can be asked of it and what its errors carry
// (sdk_*_test.go, npm/*.mjs), and a line in the list of sdk_test.go. Three tests
// run all of them:
//
//	cases_test.go   what the caller gets, healthy and with every class of error:
//	                a golden file an SDK
//	policy_test.go  when and how often it calls again: mockmodel/sdks.json, which
//	                `chaos list sdks` prints
//	faults_test.go  what each makes of every fault of the catalogue:
//	                docs/faults-sdks.md, and docs/faults-sdks-npm.md
//
// All are data with a version: an SDK that changes its mind fails them, with
// the difference in words, and -update writes them anew.
//
// Two services that nobody here wrote the retries of are judged by chaos: one on
// openai-go (judged_test.go) and, started apart from chaos, the Portkey gateway
// (portkey_test.go, portkey/plan.yaml).
package conformance
