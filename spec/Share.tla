-------------------------------- MODULE Share --------------------------------
(* A round of a large pool is decided by one dispatcher and handed out by several: what each is to hand out is a message to it. The one that decides remembers what it gave
   away until that has either been done or come too late. The slots are those of all agents together; reservation and claim are one step, what lies between them is Dispatch.tla's subject. *)
EXTENDS Naturals, FiniteSets
CONSTANTS Tasks,         \* numbers: a smaller one stands before a larger one
          Cap, F,        \* slots; faults
          Remembers,     \* what was given away counts as held
          Outlives,      \* for as long as it may still be handed out
          Ends,          \* and no longer
          SlotCondition  \* whoever hands out asks for the room in the write
VARIABLES st, attempt, holds,  \* task rows, agents' rows
          shares,    \* messages: <<task, attempt, copy>>
          promised,  \* memory of the dispatcher that decides: <<task, attempt>>
          refused,   \* ghost: waiting tasks whose share found no room
          twice,     \* ghost: a share found its task handed out already
          faults
vars == <<st, attempt, holds, shares, promised, refused, twice, faults>>

Waiting == {t \in Tasks : st[t] = "waiting"}
Known   == IF Remembers THEN promised ELSE {}
Open    == {t \in Waiting : <<t, attempt[t] + 1>> \notin Known}
InFlight(p) == \E m \in shares : <<m[1], m[2]>> = p
First(S) == CHOOSE t \in S : \A u \in S : t <= u
Fault   == faults < F /\ faults' = faults + 1

Init == /\ st = [t \in Tasks |-> "outside"] /\ attempt = [t \in Tasks |-> 0] /\ holds = {}
        /\ shares = {} /\ promised = {} /\ refused = {} /\ twice = FALSE /\ faults = 0

AcceptTask(t) == /\ st[t] = "outside" /\ st' = [st EXCEPT ![t] = "waiting"]
                 /\ UNCHANGED <<attempt, holds, shares, promised, refused, twice, faults>>
(* Strictly the first one that waits and was given to nobody. *)
DispatchShare == /\ Open # {} /\ Cardinality(holds \cup Known) < Cap
                 /\ LET p == <<First(Open), attempt[First(Open)] + 1>>
                    IN  shares' = shares \cup {<<p[1], p[2], IF InFlight(p) THEN 2 ELSE 1>>} /\ promised' = promised \cup {p}
                 /\ UNCHANGED <<st, attempt, holds, refused, twice, faults>>
HandOut(m) == LET t == m[1] IN
  /\ IF st[t] = "waiting" /\ attempt[t] = m[2] - 1
     THEN IF Cardinality(holds) < Cap \/ ~SlotCondition
          THEN /\ holds' = holds \cup {<<t, m[2]>>} /\ st' = [st EXCEPT ![t] = "processing"]
               /\ attempt' = [attempt EXCEPT ![t] = m[2]] /\ UNCHANGED <<refused, twice>>
          ELSE refused' = refused \cup {t} /\ UNCHANGED <<st, attempt, holds, twice>>
     ELSE twice' = TRUE /\ UNCHANGED <<st, attempt, holds, refused>>
  /\ UNCHANGED promised
HandOutShard(m) == m \in shares /\ HandOut(m) /\ shares' = shares \ {m} /\ UNCHANGED faults
(* The message comes again. *)
HandOutAgain(m) == m \in shares /\ Fault /\ HandOut(m) /\ UNCHANGED shares
(* It is lost, or comes too late. *)
LoseShare(m) == m \in shares /\ Fault /\ shares' = shares \ {m} /\ UNCHANGED <<st, attempt, holds, promised, refused, twice>>
PromiseEnds(p) == /\ Ends /\ p \in promised /\ (Outlives => ~InFlight(p)) /\ promised' = promised \ {p}
                  /\ UNCHANGED <<st, attempt, holds, shares, refused, twice, faults>>
(* Another process decides from now on, which knows of nothing. *)
DispatchForget == promised # {} /\ Fault /\ promised' = {} /\ UNCHANGED <<st, attempt, holds, shares, refused, twice>>
ReleaseHold(t) == /\ st[t] = "processing" /\ st' = [st EXCEPT ![t] = "done"] /\ holds' = holds \ {<<t, attempt[t]>>}
                  /\ UNCHANGED <<attempt, shares, promised, refused, twice, faults>>

Next == \/ DispatchShare \/ DispatchForget \/ \E t \in Tasks : AcceptTask(t) \/ ReleaseHold(t)
        \/ \E m \in shares : HandOutShard(m) \/ HandOutAgain(m) \/ LoseShare(m)
        \/ \E p \in promised : PromiseEnds(p)
Spec == /\ Init /\ [][Next]_vars /\ WF_vars(DispatchShare) /\ \A t \in Tasks : WF_vars(AcceptTask(t)) /\ WF_vars(ReleaseHold(t))
        /\ \A m \in Tasks \X (1..1) \X (1..2) : WF_vars(HandOutShard(m))
        /\ \A p \in Tasks \X (1..1) : WF_vars(PromiseEnds(p))

SlotsNeverExceeded == Cardinality(holds) <= Cap
(* Without a fault the order of the decisions is the order of the starts: every share finds the room that was decided, so no lower task has it, and nothing is decided twice. *)
RoomIsKept  == faults = 0 => refused = {}
DecidedOnce == faults = 0 => ~twice
OneHolder   == \A m \in holds : st[m[1]] = "processing" /\ attempt[m[1]] = m[2]
EventuallyDone == <>[](\A t \in Tasks : st[t] = "done")
===============================================================================
