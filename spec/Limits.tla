-------------------------------- MODULE Limits --------------------------------
(* Concurrency keys: never more than Limit tasks of a key are Processing, also when dispatchers work at once, stop half-way or are slow.
   What runs is told by the holds alone. A round reads the gate, then the agents; it reserves, passes the gate, claims. Slots are
   Dispatch.tla's subject: here every agent has room, all tasks have the one key, and holds are those of all agents together. *)
EXTENDS Naturals, FiniteSets
CONSTANTS Tasks, Dispatchers, Limit,
          MaxAttempts, MaxPasses,  \* keep the model finite
          GateCondition,  \* a round passes only if no other one has since it read the gate
          GateReadFirst,  \* the gate is read before the holds
          GateLast,       \* the gate is passed after the reservation
          FencesGivenUp   \* what is given up is fenced off before its hold goes
VARIABLES st, attempt,  \* task row
          holds,        \* all agents' rows: {<<task, attempt>>}
          gate,         \* pool row: how many rounds have passed
          pc, seen, counted, mine  \* a dispatcher's step, and what it has read: the gate, the number of holds, its reservation
vars == <<st, attempt, holds, gate, pc, seen, counted, mine>>
rows == <<st, attempt, holds, gate>>
memory == <<seen, counted, mine>>

Go(d, step) == pc' = [pc EXCEPT ![d] = step]
On(h)       == st[h[1]] = "processing" /\ attempt[h[1]] = h[2]
Useless(h)  == ~On(h) /\ (attempt[h[1]] >= h[2] \/ st[h[1]] = "done")
Unclaimed(h) == st[h[1]] = "queued" /\ attempt[h[1]] = h[2] - 1

Init == /\ st = [t \in Tasks |-> "queued"] /\ attempt = [t \in Tasks |-> 0] /\ holds = {} /\ gate = 0
        /\ pc = [d \in Dispatchers |-> "idle"] /\ seen = [d \in Dispatchers |-> 0]
        /\ counted = [d \in Dispatchers |-> 0] /\ mine = [d \in Dispatchers |-> <<>>]

DispatchReadGate(d) == /\ pc[d] = IF GateReadFirst THEN "idle" ELSE "gate-unread"
                       /\ seen' = [seen EXCEPT ![d] = gate] /\ Go(d, IF GateReadFirst THEN "agents-unread" ELSE "decide")
                       /\ UNCHANGED <<rows, counted, mine>>
DispatchReadAgents(d) == /\ pc[d] = IF GateReadFirst THEN "agents-unread" ELSE "idle"
                         /\ counted' = [counted EXCEPT ![d] = Cardinality(holds)]
                         /\ Go(d, IF GateReadFirst THEN "decide" ELSE "gate-unread") /\ UNCHANGED <<rows, seen, mine>>
(* The index may lag: any task that is still queued, or was. One task a round: with more, the round counts its own as well. *)
DispatchReserve(d, t) == /\ pc[d] = "decide" /\ counted[d] < Limit /\ st[t] = "queued" /\ attempt[t] < MaxAttempts
                         /\ mine' = [mine EXCEPT ![d] = <<t, attempt[t] + 1>>]
                         /\ holds' = IF GateLast THEN holds \cup {<<t, attempt[t] + 1>>} ELSE holds
                         /\ Go(d, "pass") /\ UNCHANGED <<st, attempt, gate, seen, counted>>
DispatchPass(d) == /\ pc[d] = "pass" /\ gate < MaxPasses
                   /\ IF gate = seen[d] \/ ~GateCondition
                      THEN gate' = gate + 1 /\ Go(d, IF GateLast THEN "claim" ELSE "reserve-late")
                      ELSE Go(d, "give-up") /\ UNCHANGED gate
                   /\ UNCHANGED <<st, attempt, holds, memory>>
DispatchReserveLate(d) == /\ pc[d] = "reserve-late" /\ holds' = holds \cup {mine[d]} /\ Go(d, "claim")
                          /\ UNCHANGED <<st, attempt, gate, memory>>
(* Queued and attempt = n - 1. *)
DispatchClaim(d) == LET h == mine[d] IN
  /\ pc[d] = "claim"
  /\ IF Unclaimed(h)
     THEN st' = [st EXCEPT ![h[1]] = "processing"] /\ attempt' = [attempt EXCEPT ![h[1]] = h[2]] /\ Go(d, "idle")
     ELSE Go(d, "free") /\ UNCHANGED <<st, attempt>>
  /\ UNCHANGED <<holds, gate, memory>>
(* Another round may have reserved the very same hold, and may be about to claim on it. *)
DispatchGiveUp(d) == /\ pc[d] = "give-up" /\ Go(d, "free")
                     /\ attempt' = IF FencesGivenUp /\ Unclaimed(mine[d]) THEN [attempt EXCEPT ![mine[d][1]] = mine[d][2]] ELSE attempt
                     /\ UNCHANGED <<st, holds, gate, memory>>
DispatchFree(d) == /\ pc[d] = "free" /\ Go(d, "idle")
                   /\ holds' = IF Useless(mine[d]) \/ ~FencesGivenUp THEN holds \ {mine[d]} ELSE holds
                   /\ UNCHANGED <<st, attempt, gate, memory>>
DispatchCrash(d) == pc[d] # "idle" /\ Go(d, "idle") /\ UNCHANGED <<rows, memory>>

Settle(t, to) == st[t] = "processing" /\ st' = [st EXCEPT ![t] = to] /\ UNCHANGED <<attempt, holds, gate, pc, memory>>
ApplyOk(t)       == Settle(t, "done")
ApplyReleased(t) == Settle(t, "queued")
ReleaseHold(h) == /\ h \in holds /\ Useless(h) /\ holds' = holds \ {h} /\ UNCHANGED <<st, attempt, gate, pc, memory>>
PulseFenceReservation(h) == /\ h \in holds /\ Unclaimed(h) /\ attempt' = [attempt EXCEPT ![h[1]] = h[2]]
                            /\ UNCHANGED <<st, holds, gate, pc, memory>>

Next == \/ \E d \in Dispatchers : \/ DispatchReadGate(d) \/ DispatchReadAgents(d) \/ DispatchPass(d) \/ DispatchReserveLate(d) \/ DispatchClaim(d)
                                  \/ DispatchGiveUp(d) \/ DispatchFree(d) \/ DispatchCrash(d)
                                  \/ \E t \in Tasks : DispatchReserve(d, t)
        \/ \E t \in Tasks : ApplyOk(t) \/ ApplyReleased(t)
        \/ \E h \in holds : ReleaseHold(h) \/ PulseFenceReservation(h)
Spec == Init /\ [][Next]_vars

LimitKept == Cardinality({t \in Tasks : st[t] = "processing"}) <= Limit
RunningIsHeld == \A t \in Tasks : st[t] = "processing" => <<t, attempt[t]>> \in holds
===============================================================================
