// Checks a history of test/history/main.ts with Porcupine, a checker that knows nothing of ours: each document is a register whose writes are
// compare-and-set by version. Prints "linearizable" (exit 0) or "not linearizable" (exit 1).
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

type entry struct {
	Client int      `json:"client"`
	Key    string   `json:"key"`
	Op     string   `json:"op"`
	Base   *int     `json:"base"`
	Ver    *int     `json:"ver"`
	Value  *string  `json:"value"`
	Ok     *bool    `json:"ok"`
	Start  float64  `json:"start"`
	End    *float64 `json:"end"`
}

type state struct {
	version int
	value   string
}

func text(value *string) string {
	if value == nil {
		return ""
	}
	return *value
}

func step(current, input, _ interface{}) (bool, interface{}) {
	s, e := current.(state), input.(entry)
	if e.Op == "read" {
		return *e.Ver == s.version && text(e.Value) == s.value, s
	}
	if !*e.Ok {
		return *e.Ver == s.version, s
	}
	return s.version == *e.Base && *e.Ver == s.version+1, state{*e.Ver, text(e.Value)}
}

type place struct {
	key     string
	version int
}

// decided says of every write without an answer whether it happened, so that the search has nothing to guess; what it says changes no verdict.
// A version that was passed was written by somebody. Where nobody knows that it wrote it, it was a write without an answer: the one whose value
// was read; or, nobody having read it, the one that began first, since any other that could have happened there began later. It happened before
// that version or a later one was first answered. All other writes without an answer never happened as far as anybody can tell: a version beyond
// the last one that was answered was seen by nobody. A refusal that names no version could have come at any moment, so it says nothing.
func decided(entries []entry) []entry {
	made, values := map[place]bool{}, map[place]string{}
	answered, last := map[place]float64{}, map[string]int{}
	for _, e := range entries {
		if e.Ver == nil || e.End == nil {
			continue
		}
		at := place{e.Key, *e.Ver}
		if e.Op == "write" && *e.Ok {
			made[at] = true
		}
		if e.Op == "read" {
			values[at] = text(e.Value)
		}
		if end, known := answered[at]; !known || *e.End < end {
			answered[at] = *e.End
		}
		if *e.Ver > last[e.Key] {
			last[e.Key] = *e.Ver
		}
	}
	for key, top := range last {
		for version := top - 1; version > 0; version-- {
			later := answered[place{key, version + 1}]
			if end, known := answered[place{key, version}]; !known || later < end {
				answered[place{key, version}] = later
			}
		}
	}
	open := func(e entry) bool { return e.Op == "write" && e.Ok == nil }
	writer := map[place]int{}
	for index, e := range entries {
		at := place{e.Key, base(e) + 1}
		value, read := values[at]
		if !open(e) || made[at] || at.version > last[e.Key] || (read && value != text(e.Value)) || e.Start > answered[at] {
			continue
		}
		if other, known := writer[at]; !known || e.Start < entries[other].Start {
			writer[at] = index
		}
	}
	yes := true
	var kept []entry
	for index, e := range entries {
		if open(e) {
			at := place{e.Key, base(e) + 1}
			if chosen, known := writer[at]; !known || chosen != index {
				continue
			}
			end := answered[at]
			e.Ok, e.Ver, e.End = &yes, &at.version, &end
		} else if e.Ver == nil {
			continue
		}
		kept = append(kept, e)
	}
	return kept
}

// latestObservers tells of each version when the last operation began that saw it or an older one. The write that ended the version came after all
// of them: with its beginning moved there, the search, which tries operations in the order in which they began, does not end a version too early and
// has nothing to take back. Where that is after its answer, no order exists.
func latestObservers(entries []entry) map[place]float64 {
	latest, last := map[place]float64{}, map[string]int{}
	for _, e := range entries {
		at := place{e.Key, *e.Ver}
		if e.Start > latest[at] {
			latest[at] = e.Start
		}
		if *e.Ver > last[e.Key] {
			last[e.Key] = *e.Ver
		}
	}
	for key, top := range last {
		for version := 1; version <= top; version++ {
			if before := latest[place{key, version - 1}]; before > latest[place{key, version}] {
				latest[place{key, version}] = before
			}
		}
	}
	return latest
}

func base(e entry) int {
	if e.Base == nil {
		return -1
	}
	return *e.Base
}

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	var entries []entry
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var e entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			panic(err)
		}
		entries = append(entries, e)
	}
	entries = decided(entries)
	latest := latestObservers(entries)
	operations := make([]porcupine.Operation, 0, len(entries))
	for number, e := range entries {
		call := int64(4 * e.Start)
		if e.Op == "write" && *e.Ok {
			if observed := int64(4*latest[place{e.Key, *e.Base}]) + 1; observed > call {
				call = observed
			}
		}
		// A client goes on when nobody answers, so what is decided may overlap its next operation: each operation has a client of its own.
		// What ends in the millisecond in which another begins overlaps it.
		operations = append(operations, porcupine.Operation{ClientId: number, Input: e, Output: nil, Call: call, Return: int64(4**e.End) + 2})
	}
	model := porcupine.Model{
		Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
			byKey := map[string][]porcupine.Operation{}
			for _, operation := range history {
				key := operation.Input.(entry).Key
				byKey[key] = append(byKey[key], operation)
			}
			var parts [][]porcupine.Operation
			for _, part := range byKey {
				parts = append(parts, part)
			}
			return parts
		},
		Init: func() interface{} { return state{} },
		Step: step,
	}
	for _, operation := range operations {
		if operation.Call > operation.Return {
			fmt.Println("not linearizable")
			os.Exit(1)
		}
	}
	switch porcupine.CheckOperationsTimeout(model, operations, time.Minute) {
	case porcupine.Ok:
		fmt.Println("linearizable")
	case porcupine.Illegal:
		fmt.Println("not linearizable")
		os.Exit(1)
	default:
		fmt.Fprintln(os.Stderr, "no answer in a minute")
		os.Exit(2)
	}
}
