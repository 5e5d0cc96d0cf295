-------------------------------- MODULE Batch --------------------------------
(* Slots of an agent that takes batches: a batch has one slot until the last of its tasks has ended, so the number of holds does not tell how many slots are in use. Dispatchers
   read the agent and reserve for a batch in one conditional write each; tasks end one by one. Claims, crashes and leases are Dispatch.tla's subject: they are told of each hold. *)
EXTENDS Naturals, FiniteSets
CONSTANTS Tasks, Dispatchers, Cap,
          Most,    \* tasks of a batch
          Fenced   \* a reservation is conditional on the number of the last batch
VARIABLES batch,  \* by task: 0 while it waits, the batch that it is in, or Ended
          last,   \* agent row: the number of the last batch
          made,   \* how many batches there were, as nobody in the system knows
          pc, saw \* a dispatcher's step, and what it has read
vars == <<batch, last, made, pc, saw>>

Ended   == 99
Waiting == {t \in Tasks : batch[t] = 0}
Held    == {t \in Tasks : batch[t] \notin {0, Ended}}
Used    == Cardinality({batch[t] : t \in Held})
Nothing == [last |-> 0, used |-> 0, held |-> 0]

Init == /\ batch = [t \in Tasks |-> 0] /\ last = 0 /\ made = 0
        /\ pc = [d \in Dispatchers |-> "idle"] /\ saw = [d \in Dispatchers |-> Nothing]

DispatchReadPool(d) ==
  /\ pc[d] = "idle" /\ Waiting # {} /\ pc' = [pc EXCEPT ![d] = "reserve"]
  /\ saw' = [saw EXCEPT ![d] = [last |-> last, used |-> Used, held |-> Cardinality(Held)]]
  /\ UNCHANGED <<batch, last, made>>

(* No more holds than were read, which two rounds may both find true; and no batch since. *)
MayReserve(d) == Cardinality(Held) <= saw[d].held /\ (Fenced => last = saw[d].last)
DispatchReserve(d) ==
  /\ pc[d] = "reserve" /\ pc' = [pc EXCEPT ![d] = "idle"] /\ saw' = [saw EXCEPT ![d] = Nothing]
  /\ IF saw[d].used >= Cap \/ ~MayReserve(d) \/ Waiting = {}
     THEN UNCHANGED <<batch, last, made>>
     ELSE \E B \in SUBSET Waiting :
            /\ B # {} /\ Cardinality(B) <= Most
            /\ made' = made + 1 /\ last' = saw[d].last + 1
            /\ batch' = [t \in Tasks |-> IF t \in B THEN made + 1 ELSE batch[t]]

ReleaseHold(t) == /\ t \in Held /\ batch' = [batch EXCEPT ![t] = Ended]
                  /\ UNCHANGED <<last, made, pc, saw>>

Next == \/ \E d \in Dispatchers : DispatchReadPool(d) \/ DispatchReserve(d)
        \/ \E t \in Tasks : ReleaseHold(t)
Spec == /\ Init /\ [][Next]_vars
        /\ \A d \in Dispatchers : WF_vars(DispatchReadPool(d)) /\ WF_vars(DispatchReserve(d))
        /\ \A t \in Tasks : WF_vars(ReleaseHold(t))

SlotsNeverExceeded == Used <= Cap
(* The numbers in the agent's row tell batches apart. *)
NumbersAreNew == Fenced => last = made
EventuallyEnded == <>(\A t \in Tasks : batch[t] = Ended)
===============================================================================
