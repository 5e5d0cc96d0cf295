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
		return e.Ver == nil || (*e.Ver == s.version && text(e.Value) == s.value), s
	}
	if e.Ok == nil { // it may have happened, or not
		if s.version == *e.Base {
			return true, state{s.version + 1, text(e.Value)}
		}
		return true, s
	}
	if !*e.Ok {
		return e.Ver == nil || *e.Ver == s.version, s
	}
	return s.version == *e.Base && *e.Ver == s.version+1, state{*e.Ver, text(e.Value)}
}

type place struct {
	key     string
	version int
}

// decided takes away what is only a burden to the search: a write without an answer cannot have happened where another one is known to have made
// its version or where another value was read, has happened where it is the only one that can have made a version which was passed, and then
// happened before that version or a later one was first answered.
func decided(entries []entry) []entry {
	made, values := map[place]bool{}, map[place]string{}
	answered, last, candidates := map[place]float64{}, map[string]int{}, map[place]int{}
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
	possible := func(e entry, at place) bool {
		value, read := values[at]
		return !made[at] && (!read || value == text(e.Value)) && (at.version > last[e.Key] || e.Start <= answered[at])
	}
	open := func(e entry) bool { return e.Op == "write" && e.Ok == nil }
	for _, e := range entries {
		if at := (place{e.Key, base(e) + 1}); open(e) && possible(e, at) {
			candidates[at]++
		}
	}
	yes := true
	var kept []entry
	for _, e := range entries {
		if open(e) {
			at := place{e.Key, base(e) + 1}
			if !possible(e, at) {
				continue
			}
			if at.version <= last[e.Key] && candidates[at] == 1 {
				end := answered[at]
				e.Ok, e.Ver, e.End = &yes, &at.version, &end
			}
		}
		kept = append(kept, e)
	}
	return kept
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
	last := 0.0
	var entries []entry
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var e entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			panic(err)
		}
		if e.Op == "read" && e.Ver == nil {
			continue
		}
		if e.End != nil && *e.End > last {
			last = *e.End
		}
		entries = append(entries, e)
	}
	entries = decided(entries)
	clients := 1 << 20
	operations := make([]porcupine.Operation, 0, len(entries))
	for _, e := range entries {
		end, client := last+1, e.Client
		if e.End == nil {
			clients++ // nobody waits for its answer, so its client goes on: it counts as a client of its own
			client = clients
		} else {
			end = *e.End
		}
		// Twice the time and one more for answers: what ends in the millisecond in which another begins overlaps it.
		operations = append(operations, porcupine.Operation{ClientId: client + 1, Input: e, Output: nil, Call: int64(2 * e.Start), Return: int64(2*end) + 1})
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
	switch porcupine.CheckOperationsTimeout(model, operations, time.Minute) {
	case porcupine.Ok:
		fmt.Println("linearizable")
	case porcupine.Illegal:
		fmt.Println("not linearizable")
		os.Exit(1)
	default:
		fmt.Fprintln(os.Stderr, "porcupine found no answer in time")
		os.Exit(2)
	}
}
