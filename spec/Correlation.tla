------------------------------ MODULE Correlation ------------------------------
(* Events that are published for a name and a key, and one workflow whose nodes wait for that key one after the other. Whoever publishes writes the event, then
   reads who waits; whoever begins to wait writes that it does, then reads what was published: so one of them sees the other. The wait is told before the advance that
   begins it is committed, hence the seq in its row. Each action is one read, one conditional write or one transaction; anybody may stop between two. *)
EXTENDS Naturals, FiniteSets
CONSTANTS Events, Deliverers, Advancers,
          Rounds,           \* nodes that wait, one after the other
          Others,           \* other advances of the workflow, at any moment
          F,                \* faults
          DeclaresFirst,    \* the wait is written before what was published is read
          KeepsUncommitted, \* an event for a wait that is not committed yet is kept by the workflow
          RemovesOnSeq,     \* a wait that is over is removed only as it was read
          SettlesLast       \* an event is due until it is delivered
VARIABLES stored, due,      \* events in the table, and those of them that the pulse looks at
          wait,             \* the row of the waiting workflow: the seq of the head that the decision saw; 0 for none
          seq, held, kept, taken, \* head, and what the workflow has received
          adv,              \* memory of who advances the workflow: [pc, seq, saw]
          del,              \* memory of who delivers: [pc, event, wait]
          others, faults
vars == <<stored, due, wait, seq, held, kept, taken, adv, del, others, faults>>
head == <<seq, held, kept, taken>>
events == <<stored, due>>

Idle == [pc |-> "idle", seq |-> 0, saw |-> {}]
Free == [pc |-> "idle", event |-> "none", wait |-> 0]

Init == /\ stored = {} /\ due = {} /\ wait = 0 /\ seq = 1 /\ held = FALSE /\ kept = {} /\ taken = {}
        /\ adv = [a \in Advancers |-> Idle] /\ del = [d \in Deliverers |-> Free] /\ others = 0 /\ faults = 0

(* One row, due at once: whoever wrote it may die on it. *)
Publish(e) == /\ e \notin stored /\ stored' = stored \union {e} /\ due' = due \union {e}
              /\ UNCHANGED <<wait, head, adv, del, others, faults>>

(* The publisher, or the pulse; also both at once. *)
DeliverRead(d, e) ==
  /\ del[d].pc = "idle" /\ e \in due
  /\ del' = [del EXCEPT ![d] = [pc |-> IF wait = 0 THEN "given" ELSE "read", event |-> e, wait |-> wait]]
  /\ due' = IF SettlesLast THEN due ELSE due \ {e}
  /\ UNCHANGED <<stored, wait, head, adv, others, faults>>
(* An advance of the workflow, on its seq: the node that waits takes it, or the workflow keeps it since the wait is about to be committed. Other nodes may wait
   for the same key: the row goes when an event finds that none does. *)
DeliverGive(d) ==
  LET e == del[d].event IN
  /\ del[d].pc = "read"
  /\ IF e \in kept \union taken THEN UNCHANGED <<head, others>> /\ del' = [del EXCEPT ![d].pc = "given"]
     ELSE IF held THEN /\ held' = FALSE /\ taken' = taken \union {e} /\ seq' = seq + 1
                       /\ UNCHANGED <<kept, others>> /\ del' = [del EXCEPT ![d].pc = "given"]
     ELSE IF KeepsUncommitted /\ seq = del[d].wait
          THEN /\ kept' = kept \union {e} /\ seq' = seq + 1
               /\ UNCHANGED <<held, taken, others>> /\ del' = [del EXCEPT ![d].pc = "given"]
     ELSE UNCHANGED <<head, others>> /\ del' = [del EXCEPT ![d].pc = "over"]
  /\ UNCHANGED <<events, wait, adv, faults>>
DeliverRemove(d) == /\ del[d].pc = "over" /\ del' = [del EXCEPT ![d].pc = "given"]
                    /\ wait' = IF RemovesOnSeq /\ wait # del[d].wait THEN wait ELSE 0
                    /\ UNCHANGED <<events, head, adv, others, faults>>
DeliverSettle(d) == /\ del[d].pc = "given" /\ due' = due \ {del[d].event} /\ del' = [del EXCEPT ![d] = Free]
                    /\ UNCHANGED <<stored, wait, head, adv, others, faults>>
DeliverCrash(d) == /\ del[d].pc # "idle" /\ faults < F /\ faults' = faults + 1 /\ del' = [del EXCEPT ![d] = Free]
                   /\ UNCHANGED <<events, wait, head, adv, others>>

(* A node begins to wait: the head is read, the wait told, what was published is read, and the decision committed on the seq that was read. *)
AdvanceRead(a) == /\ adv[a].pc = "idle" /\ ~held /\ Cardinality(taken) < Rounds
                  /\ adv' = [adv EXCEPT ![a] = [pc |-> "read", seq |-> seq, saw |-> {}]]
                  /\ UNCHANGED <<events, wait, head, del, others, faults>>
AdvanceDeclare(a) == /\ adv[a].pc = (IF DeclaresFirst THEN "read" ELSE "looked")
                     /\ adv' = [adv EXCEPT ![a].pc = IF DeclaresFirst THEN "declared" ELSE "ready"]
                     /\ wait' = IF wait < adv[a].seq THEN adv[a].seq ELSE wait
                     /\ UNCHANGED <<events, head, del, others, faults>>
AdvanceLook(a) == /\ adv[a].pc = (IF DeclaresFirst THEN "declared" ELSE "read")
                  /\ adv' = [adv EXCEPT ![a].pc = IF DeclaresFirst THEN "ready" ELSE "looked", ![a].saw = stored]
                  /\ UNCHANGED <<events, wait, head, del, others, faults>>
AdvanceCommit(a) ==
  /\ adv[a].pc = "ready" /\ adv' = [adv EXCEPT ![a] = Idle]
  /\ IF seq # adv[a].seq THEN UNCHANGED head
     ELSE LET early == (kept \union adv[a].saw) \ taken IN
          IF early = {} THEN held' = TRUE /\ seq' = seq + 1 /\ UNCHANGED <<kept, taken>>
          ELSE \E e \in early : taken' = taken \union {e} /\ kept' = kept \ {e} /\ seq' = seq + 1 /\ UNCHANGED held
  /\ UNCHANGED <<events, wait, del, others, faults>>
AdvanceCrash(a) == /\ adv[a].pc # "idle" /\ faults < F /\ faults' = faults + 1 /\ adv' = [adv EXCEPT ![a] = Idle]
                   /\ UNCHANGED <<events, wait, head, del, others>>
(* Whatever else happens in the workflow. *)
OtherAdvance == /\ others < Others /\ others' = others + 1 /\ seq' = seq + 1
                /\ UNCHANGED <<events, wait, held, kept, taken, adv, del, faults>>

Run(d) == DeliverGive(d) \/ DeliverRemove(d) \/ DeliverSettle(d)
Step(a) == AdvanceRead(a) \/ AdvanceDeclare(a) \/ AdvanceLook(a) \/ AdvanceCommit(a)
Next == \/ OtherAdvance \/ \E e \in Events : Publish(e)
        \/ \E d \in Deliverers : Run(d) \/ DeliverCrash(d) \/ \E e \in Events : DeliverRead(d, e)
        \/ \E a \in Advancers : Step(a) \/ AdvanceCrash(a)
Spec == Init /\ [][Next]_vars /\ \A a \in Advancers : WF_vars(Step(a))
             /\ \A d \in Deliverers : WF_vars(Run(d)) /\ \A e \in Events : WF_vars(DeliverRead(d, e))

(* No node waits for what is there already, unless somebody is still to bring it. *)
NothingForgotten == held => stored \ taken \subseteq due
HeldKeepsNothing == held => kept = {}
EventuallyTaken == <>[](Cardinality(taken) < Rounds => stored \subseteq taken)
===============================================================================
