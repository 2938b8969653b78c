package main

import (
	"os"
	"runtime/debug"
)

// Memory that a mock on its own may use to be faster: collecting garbage a
// quarter as often gives some 4 % more answers per CPU-second, as long as less
// than mockMemory bytes are in use.
const (
	mockGarbage = 400
	mockMemory  = 512 << 20
)

// roomy lets the process use more memory for speed, unless GOGC or GOMEMLIMIT
// say otherwise.
func roomy() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(mockGarbage)
		debug.SetMemoryLimit(mockMemory)
	}
}
