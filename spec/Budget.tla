-------------------------------- MODULE Budget --------------------------------
(* A budget over a workflow: what is spent stands in its head and moves with the end of each attempt; what is reserved is told by the holds alone. Every attempt costs
   what was reserved for it, 1, so what is really paid may never pass Hard. Two dispatchers at once, stopped half-way or slow; results may be lost, late or repeated.
   Giving up behind a fence is Limits.tla's subject, and one step here. *)
EXTENDS Naturals, FiniteSets
CONSTANTS Tasks, Dispatchers, Hard,
          MaxAttempts, MaxPasses,  \* keep the model finite
          GateCondition,   \* a round passes only if no other one has since it read the gate
          SpentReadLast,   \* what is spent is read after the holds
          SettlesTogether, \* an attempt's end and its charge are one transaction
          ChargesLost,     \* an attempt that was lost is charged with what was reserved for it
          ChargesOnce      \* a charge is made on the fence of its attempt
VARIABLES st, attempt,  \* task row
          holds,        \* all agents' rows: {<<task, attempt>>}
          gate, spent,  \* pool row; head of the workflow
          paid,         \* the truth: what attempts have cost
          owed,         \* ended attempts whose charge is not written yet
          pc, seen, counted, read, mine  \* a dispatcher's step and what it has read: the gate, the number of holds, what is spent; its reservation
vars == <<st, attempt, holds, gate, spent, paid, owed, pc, seen, counted, read, mine>>
rows == <<st, attempt, holds, gate, spent, paid, owed>>
memory == <<seen, counted, read, mine>>

Go(d, step) == pc' = [pc EXCEPT ![d] = step]
(* A round that is over has forgotten what it read. *)
Rest(d) == /\ Go(d, "idle") /\ seen' = [seen EXCEPT ![d] = 0] /\ counted' = [counted EXCEPT ![d] = 0]
           /\ read' = [read EXCEPT ![d] = 0] /\ mine' = [mine EXCEPT ![d] = <<>>]
On(h)        == st[h[1]] = "processing" /\ attempt[h[1]] = h[2]
Useless(h)   == ~On(h) /\ (attempt[h[1]] >= h[2] \/ st[h[1]] = "done")
Unclaimed(h) == st[h[1]] = "queued" /\ attempt[h[1]] = h[2] - 1
Running      == {t \in Tasks : st[t] = "processing"}

Init == /\ st = [t \in Tasks |-> "queued"] /\ attempt = [t \in Tasks |-> 0] /\ holds = {} /\ gate = 0 /\ spent = 0 /\ paid = 0 /\ owed = {}
        /\ pc = [d \in Dispatchers |-> "idle"] /\ seen = [d \in Dispatchers |-> 0] /\ counted = [d \in Dispatchers |-> 0]
        /\ read = [d \in Dispatchers |-> 0] /\ mine = [d \in Dispatchers |-> <<>>]

DispatchReadGate(d) == /\ pc[d] = "idle" /\ seen' = [seen EXCEPT ![d] = gate]
                       /\ Go(d, IF SpentReadLast THEN "agents" ELSE "spent") /\ UNCHANGED <<rows, counted, read, mine>>
DispatchReadAgents(d) == /\ pc[d] = "agents" /\ counted' = [counted EXCEPT ![d] = Cardinality(holds)]
                         /\ Go(d, IF SpentReadLast THEN "spent" ELSE "decide") /\ UNCHANGED <<rows, seen, read, mine>>
DispatchReadSpent(d) == /\ pc[d] = "spent" /\ read' = [read EXCEPT ![d] = spent]
                        /\ Go(d, IF SpentReadLast THEN "decide" ELSE "agents") /\ UNCHANGED <<rows, seen, counted, mine>>
DispatchReserve(d, t) == /\ pc[d] = "decide" /\ read[d] + counted[d] + 1 <= Hard /\ st[t] = "queued" /\ attempt[t] < MaxAttempts
                         /\ mine' = [mine EXCEPT ![d] = <<t, attempt[t] + 1>>] /\ holds' = holds \cup {<<t, attempt[t] + 1>>}
                         /\ Go(d, "pass") /\ UNCHANGED <<st, attempt, gate, spent, paid, owed, seen, counted, read>>
DispatchPass(d) == /\ pc[d] = "pass" /\ gate < MaxPasses
                   /\ IF gate = seen[d] \/ ~GateCondition THEN gate' = gate + 1 /\ Go(d, "claim") ELSE Go(d, "give-up") /\ UNCHANGED gate
                   /\ UNCHANGED <<st, attempt, holds, spent, paid, owed, memory>>
DispatchClaim(d) == LET h == mine[d] IN
  /\ pc[d] = "claim" /\ Rest(d)
  /\ IF Unclaimed(h)
     THEN st' = [st EXCEPT ![h[1]] = "processing"] /\ attempt' = [attempt EXCEPT ![h[1]] = h[2]] /\ paid' = paid + 1
     ELSE UNCHANGED <<st, attempt, paid>>
  /\ UNCHANGED <<holds, gate, spent, owed>>
DispatchGiveUp(d) == LET h == mine[d] IN
  /\ pc[d] = "give-up" /\ Rest(d)
  /\ attempt' = IF Unclaimed(h) THEN [attempt EXCEPT ![h[1]] = h[2]] ELSE attempt
  /\ holds' = IF Unclaimed(h) \/ Useless(h) THEN holds \ {h} ELSE holds
  /\ UNCHANGED <<st, gate, spent, paid, owed>>
DispatchCrash(d) == pc[d] # "idle" /\ Rest(d) /\ UNCHANGED rows

(* The end of an attempt: reported (done, or another attempt), or found lost. Its charge comes with it, or, in a mutant, some time after. *)
Settle(t, to, charged) == LET h == <<t, attempt[t]>> IN
  /\ st[t] = "processing" /\ st' = [st EXCEPT ![t] = to]
  /\ spent' = IF charged /\ SettlesTogether THEN spent + 1 ELSE spent
  /\ owed' = IF charged /\ ~SettlesTogether THEN owed \cup {h} ELSE owed
  /\ UNCHANGED <<attempt, holds, gate, paid, pc, memory>>
ApplyOk(t)     == Settle(t, "done", TRUE)
ApplyFailed(t) == Settle(t, "queued", TRUE)
PulseExpire(t) == Settle(t, "queued", ChargesLost)
ApplyRepeat(t) == /\ st[t] = "done" /\ ~ChargesOnce /\ spent < 2 * Hard /\ spent' = spent + 1
                  /\ UNCHANGED <<st, attempt, holds, gate, paid, owed, pc, memory>>
ChargeLate(h)  == /\ h \in owed /\ owed' = owed \ {h} /\ spent' = spent + 1 /\ UNCHANGED <<st, attempt, holds, gate, paid, pc, memory>>
ReleaseHold(h) == /\ h \in holds /\ Useless(h) /\ holds' = holds \ {h}
                  /\ UNCHANGED <<st, attempt, gate, spent, paid, owed, pc, memory>>
PulseFenceReservation(h) == /\ h \in holds /\ Unclaimed(h) /\ attempt' = [attempt EXCEPT ![h[1]] = h[2]]
                            /\ UNCHANGED <<st, holds, gate, spent, paid, owed, pc, memory>>

Next == \/ \E d \in Dispatchers : \/ DispatchReadGate(d) \/ DispatchReadAgents(d) \/ DispatchReadSpent(d) \/ DispatchPass(d) \/ DispatchClaim(d)
                                  \/ DispatchGiveUp(d) \/ DispatchCrash(d)
                                  \/ \E t \in Tasks : DispatchReserve(d, t)
        \/ \E t \in Tasks : ApplyOk(t) \/ ApplyFailed(t) \/ ApplyRepeat(t) \/ PulseExpire(t)
        \/ \E h \in holds : ReleaseHold(h) \/ PulseFenceReservation(h)
        \/ \E h \in owed : ChargeLate(h)
Spec == Init /\ [][Next]_vars

BudgetKept == paid <= Hard
NoDrift == spent + Cardinality(Running) = paid
RunningIsHeld == \A t \in Running : <<t, attempt[t]>> \in holds
===============================================================================
