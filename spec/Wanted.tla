-------------------------------- MODULE Wanted --------------------------------
(* The `wanted` mark: a waiting task whose only agent was full is dispatched when a slot becomes free, although no pulse and
   no reconciler runs here. One pool, one route, one agent; no message is lost (queues deliver at least once), so the only
   way to wait for ever is a wake-up that nobody sends. Each action is one read or one conditional write.

   The pulse stands behind all of this (PulseHint in Dispatch.tla): what fails here costs time, never a task. *)
EXTENDS Naturals, FiniteSets
CONSTANTS Tasks, Dispatchers, Cap,
          Shares,           \* what a round decides may be given to others, who hand it out later
          ConditionalWant,  \* the mark is written only while the agent holds as many as the round counted
          MarksFirst,       \* and before the round hands anything out
          CountsPromised,   \* what this dispatch gave to others before is among those
          FreshIndex,       \* a query of the ready order sees every task inserted before it
          LooksAgain        \* a refused mark leads to another pass
VARIABLES place,   \* outside | waiting | held | done
          unsent,  \* tasks inserted whose hint is still to be sent
          wanted,  \* agent row: the route is wanted
          hint,    \* dispatch.fifo holds a message
          owed,    \* apply-results freed a slot and found the mark: its hint is still to be sent
          shares,  \* tasks that were given to others and are not handed out yet
          pc, counted, given, blocked, marked, again,  \* a dispatcher's step, what it counts as held, what it decided
          promised  \* what it gave to others, as long as that may be on its way
vars == <<place, unsent, wanted, hint, owed, shares, pc, counted, given, blocked, marked, again, promised>>
rows == <<place, unsent, wanted, hint, owed, shares>>

Waiting == {t \in Tasks : place[t] = "waiting"}
Held    == {t \in Tasks : place[t] = "held"}
IsFull  == Cardinality(Held) >= Cap
Go(d, step) == pc' = [pc EXCEPT ![d] = step]
(* A dispatch remembers what it gave away for its next pass, and forgets it with its end. *)
End(d, looksAgain) == /\ Go(d, IF looksAgain THEN "again" ELSE "idle")
                      /\ promised' = IF looksAgain THEN promised ELSE [promised EXCEPT ![d] = {}]

Init == /\ place = [t \in Tasks |-> "outside"] /\ unsent = {} /\ wanted = FALSE /\ hint = FALSE /\ owed = FALSE /\ shares = {}
        /\ pc = [d \in Dispatchers |-> "idle"] /\ counted = [d \in Dispatchers |-> {}] /\ given = [d \in Dispatchers |-> {}]
        /\ blocked = [d \in Dispatchers |-> FALSE] /\ marked = [d \in Dispatchers |-> FALSE]
        /\ again = [d \in Dispatchers |-> FALSE] /\ promised = [d \in Dispatchers |-> {}]

AcceptTask(t) == /\ place[t] = "outside" /\ place' = [place EXCEPT ![t] = "waiting"] /\ unsent' = unsent \cup {t}
                 /\ UNCHANGED <<wanted, hint, owed, shares, pc, counted, given, blocked, marked, again, promised>>
AcceptHint(t) == /\ t \in unsent /\ unsent' = unsent \ {t} /\ hint' = TRUE
                 /\ UNCHANGED <<place, wanted, owed, shares, pc, counted, given, blocked, marked, again, promised>>

DispatchReadPool(d) == /\ (pc[d] = "again" \/ (pc[d] = "idle" /\ hint)) /\ hint' = (hint /\ pc[d] = "again") /\ Go(d, "heads")
                       /\ counted' = [counted EXCEPT ![d] = Held \cup promised[d]] /\ marked' = [marked EXCEPT ![d] = wanted]
                       /\ again' = [again EXCEPT ![d] = FALSE]
                       /\ UNCHANGED <<place, unsent, wanted, owed, shares, given, blocked, promised>>
(* Decides, too: as many of those that it sees as there is room for. *)
DispatchReadHeads(d) ==
  /\ pc[d] = "heads"
  /\ \E heads \in IF FreshIndex THEN {Waiting \ promised[d]} ELSE SUBSET (Waiting \ promised[d]) : \E give \in SUBSET heads :
       /\ (Cardinality(give) + Cardinality(counted[d]) <= Cap \/ give = {})
       /\ (give = heads \/ Cardinality(give) + Cardinality(counted[d]) >= Cap)
       /\ given' = [given EXCEPT ![d] = give] /\ blocked' = [blocked EXCEPT ![d] = give # heads]
       /\ IF heads = {} THEN IF marked[d] THEN Go(d, "unwant") /\ UNCHANGED promised ELSE End(d, FALSE)
          ELSE Go(d, IF give # heads /\ (MarksFirst \/ give = {}) THEN "want" ELSE "hand") /\ UNCHANGED promised
  /\ UNCHANGED <<rows, counted, marked, again>>
(* A pass that read the mark at its start need not write it again: a release in between has seen it too. *)
DispatchWant(d) ==
  /\ pc[d] = "want"
  /\ LET asked == IF CountsPromised THEN counted[d] ELSE counted[d] \ promised[d]
         ok    == marked[d] \/ ~ConditionalWant \/ Cardinality(Held) >= Cardinality(asked)
         more  == again[d] \/ (~ok /\ LooksAgain)
     IN  /\ wanted' = (wanted \/ ok) /\ again' = [again EXCEPT ![d] = more]
         /\ IF given[d] # {} THEN Go(d, "hand") /\ UNCHANGED promised ELSE End(d, more)
  /\ UNCHANGED <<place, unsent, hint, owed, shares, counted, given, blocked, marked>>
(* One after the other, itself or through others. Reserve and claim together: what lies between them is Dispatch.tla's subject. *)
DispatchReserve(d) ==
  /\ pc[d] = "hand"
  /\ \E t \in given[d] : \E away \in IF Shares THEN BOOLEAN ELSE {FALSE} :
       LET has  == ~away /\ place[t] = "waiting" /\ ~IsFull
           more == again[d] \/ (~away /\ ~has)
           mine == IF away THEN [promised EXCEPT ![d] = @ \cup {t}] ELSE promised
           last == given[d] = {t}
       IN  /\ place' = IF has THEN [place EXCEPT ![t] = "held"] ELSE place
           /\ shares' = IF away THEN shares \cup {t} ELSE shares
           /\ given' = [given EXCEPT ![d] = @ \ {t}] /\ again' = [again EXCEPT ![d] = more]
           /\ IF last /\ (MarksFirst \/ ~blocked[d])
              THEN Go(d, IF more THEN "again" ELSE "idle") /\ promised' = IF more THEN mine ELSE [mine EXCEPT ![d] = {}]
              ELSE Go(d, IF last THEN "want" ELSE "hand") /\ promised' = mine
  /\ UNCHANGED <<unsent, wanted, hint, owed, counted, blocked, marked>>
(* Unconditional: the route had no waiting task when this pass looked. *)
DispatchUnwant(d) == /\ pc[d] = "unwant" /\ End(d, FALSE) /\ wanted' = FALSE
                     /\ UNCHANGED <<place, unsent, hint, owed, shares, counted, given, blocked, marked, again>>
(* What finds no room, or its task gone, leads to a new decision. *)
HandOutShard(t) == /\ t \in shares /\ shares' = shares \ {t}
                   /\ IF place[t] = "waiting" /\ ~IsFull THEN place' = [place EXCEPT ![t] = "held"] /\ UNCHANGED hint
                      ELSE hint' = TRUE /\ UNCHANGED place
                   /\ UNCHANGED <<unsent, wanted, owed, pc, counted, given, blocked, marked, again, promised>>
PromiseEnds(d, t) == /\ t \in promised[d] \ shares /\ promised' = [promised EXCEPT ![d] = @ \ {t}]
                     /\ UNCHANGED <<rows, pc, counted, given, blocked, marked, again>>

(* The write that frees the slot returns the row; a delivery of the same result again finds the same mark. *)
ReleaseHold(t) == /\ place[t] = "held" /\ place' = [place EXCEPT ![t] = "done"] /\ owed' = (owed \/ wanted)
                  /\ UNCHANGED <<unsent, wanted, hint, shares, pc, counted, given, blocked, marked, again, promised>>
ReleaseHint    == /\ owed /\ owed' = FALSE /\ hint' = TRUE
                  /\ UNCHANGED <<place, unsent, wanted, shares, pc, counted, given, blocked, marked, again, promised>>

AllDone == \A t \in Tasks : place[t] = "done"
Pass(d) == DispatchReadPool(d) \/ DispatchReadHeads(d) \/ DispatchWant(d) \/ DispatchReserve(d) \/ DispatchUnwant(d)
Next == \/ \E t \in Tasks : AcceptTask(t) \/ AcceptHint(t) \/ ReleaseHold(t) \/ HandOutShard(t)
        \/ ReleaseHint
        \/ \E d \in Dispatchers : Pass(d) \/ \E t \in Tasks : PromiseEnds(d, t)
Fair == /\ WF_vars(ReleaseHint)
        /\ \A t \in Tasks : WF_vars(AcceptTask(t)) /\ WF_vars(AcceptHint(t)) /\ WF_vars(ReleaseHold(t)) /\ WF_vars(HandOutShard(t))
        /\ \A d \in Dispatchers : WF_vars(Pass(d)) /\ \A t \in Tasks : WF_vars(PromiseEnds(d, t))
Spec == Init /\ [][Next]_vars /\ Fair

RoomKept == Cardinality(Held) <= Cap
(* A slot is free, a task waits, and nobody is on the way: that would be the lost wake-up. *)
NoLostWakeUp == (Waiting # {} /\ ~IsFull) => \/ hint \/ owed \/ unsent # {} \/ shares # {} \/ \E d \in Dispatchers : pc[d] # "idle"
EventuallyDone == <>[]AllDone
===============================================================================
