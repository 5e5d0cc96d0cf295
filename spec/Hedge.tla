--------------------------------- MODULE Hedge ---------------------------------
(* Hedging: a task that runs may get a second run on another agent. Both leases are valid until the first result is committed; the end of one that does not end the task
   leaves it to the other. One task; each write is conditional on status, attempt and `hedges`, so a decision over an old row changes nothing.
   Slots, hints, limits and workflows are the subjects of the other modules: here any agent has room, and the pulse finds every hold. *)
EXTENDS Naturals, FiniteSets
CONSTANTS Agents, None,
          MaxAttempts,  \* retries + 1
          MaxToken, F,  \* keep the model finite: tokens, faults
          HedgesFenced,        \* a write about a running task is conditional on `hedges`
          LooksBeforeAbandon,  \* who was refused a claim looks at the row before it drops its reservation
          SkipsTokens,         \* a task that is queued again goes on after the newest token of its hedges
          LeavesToOther        \* an end without a result leaves the task to the run that goes on
VARIABLES st, attempt, owner,  \* task row: queued | processing | completed | failed; the first lease
          hedges, second,      \* task row: counts what hedging wrote on this attempt; the agent of the second lease, whose token is attempt + hedges
          retries,
          holds,   \* agents' rows: {<<agent, token>>}
          disp,    \* memory of dispatchers: what they reserved, and the row that they saw
          work,    \* {<<agent, token>>}: in agents' hands
          looks,   \* memory of who settles: what ended how, and the row that they saw
          given,   \* ghost: tokens that were claimed
          twice,   \* ghost: a token was claimed twice
          effects, faults
vars == <<st, attempt, owner, hedges, second, retries, holds, disp, work, looks, given, twice, effects, faults>>
row  == <<st, attempt, owner, hedges, second, retries, effects>>
ghosts == <<given, twice>>

Final  == {"completed", "failed"}
Newest == attempt + hedges
Live(a, n) == st = "processing" /\ ((owner = a /\ attempt = n) \/ (second = a /\ Newest = n))
(* It stays true once it is true. *)
Useless(a, n) == ~Live(a, n) /\ (st \in Final \/ Newest >= n)
Fault == faults < F /\ faults' = faults + 1
Free  == UNCHANGED faults

Init == /\ st = "queued" /\ attempt = 0 /\ owner = None /\ hedges = 0 /\ second = None /\ retries = 0
        /\ holds = {} /\ disp = {} /\ work = {} /\ looks = {} /\ given = {} /\ twice = FALSE /\ effects = 0 /\ faults = 0

(* ------------------------------ dispatch ------------------------------ *)
(* A dispatcher for a task that waits, the pulse for one that has run long enough. The second of either is a fault. *)
DispatchReserve(a) == LET d == [a |-> a, n |-> attempt + 1, hedge |-> FALSE, of |-> attempt, seen |-> 0, with |-> None] IN
  /\ st = "queued" /\ attempt < MaxToken /\ d \notin disp
  /\ IF \E e \in disp : ~e.hedge THEN Fault ELSE Free
  /\ holds' = holds \cup {<<a, d.n>>} /\ disp' = disp \cup {d} /\ UNCHANGED <<row, work, looks, ghosts>>
HedgeReserve(a) == LET d == [a |-> a, n |-> Newest + 1, hedge |-> TRUE, of |-> attempt, seen |-> hedges, with |-> owner] IN
  /\ st = "processing" /\ second = None /\ a # owner /\ Newest < MaxToken /\ d \notin disp
  /\ IF \E e \in disp : e.hedge THEN Fault ELSE Free
  /\ holds' = holds \cup {<<a, d.n>>} /\ disp' = disp \cup {d} /\ UNCHANGED <<row, work, looks, ghosts>>
Given(d) == /\ disp' = disp \ {d} /\ work' = work \cup {<<d.a, d.n>>}
            /\ given' = given \cup {d.n} /\ twice' = (twice \/ d.n \in given)
(* Queued and attempt = of. *)
DispatchClaim(d) == /\ ~d.hedge /\ st = "queued" /\ attempt = d.of
                    /\ st' = "processing" /\ attempt' = d.n /\ owner' = d.a /\ Given(d)
                    /\ UNCHANGED <<hedges, second, retries, effects, holds, looks, faults>>
(* Processing, attempt = of, assigned_agent = with, hedges = seen. *)
HedgeClaim(d) == /\ d.hedge /\ st = "processing" /\ attempt = d.of /\ owner = d.with /\ hedges = d.seen
                 /\ second' = d.a /\ hedges' = hedges + 1 /\ Given(d)
                 /\ UNCHANGED <<st, attempt, owner, retries, effects, holds, looks, faults>>
Refused(d) == IF d.hedge THEN ~(st = "processing" /\ attempt = d.of /\ owner = d.with /\ hedges = d.seen)
                         ELSE ~(st = "queued" /\ attempt = d.of)
(* Without the look a reservation goes that another dispatcher is about to claim. Else what is not useless yet is left to the pulse. *)
DispatchAbandon(d) == /\ Refused(d) /\ disp' = disp \ {d}
                      /\ holds' = IF Useless(d.a, d.n) \/ ~LooksBeforeAbandon THEN holds \ {<<d.a, d.n>>} ELSE holds
                      /\ UNCHANGED <<row, work, looks, ghosts, faults>>
DispatchCrash(d) == Fault /\ disp' = disp \ {d} /\ UNCHANGED <<row, holds, work, looks, ghosts>>

(* ------------------------------ ends ------------------------------ *)
(* How an attempt ended (ok, fail: its agent says so, any number of times; lost: the pulse finds it), by the row as it is read. *)
Look(a, n, o) == /\ Live(a, n)
                 /\ looks' = looks \cup {[a |-> a, n |-> n, o |-> o, attempt |-> attempt, owner |-> owner, hedges |-> hedges, second |-> second]}
                 /\ UNCHANGED <<row, holds, disp, work, ghosts>>
Report(a, n, o) == <<a, n>> \in work /\ (IF o = "ok" THEN Free ELSE Fault) /\ Look(a, n, o)
PulseExpire(a, n) == <<a, n>> \in holds /\ (IF <<a, n>> \in work THEN Fault ELSE Free) /\ Look(a, n, "lost")
AgentCrash(w) == Fault /\ work' = work \ {w} /\ UNCHANGED <<row, holds, disp, looks, ghosts>>

Fits(l) == st = "processing" /\ attempt = l.attempt /\ owner = l.owner /\ (hedges = l.hedges \/ ~HedgesFenced)
(* The first result wins. The winner's token becomes the row's; the other one is told to stop. *)
Win(l) == /\ st' = "completed" /\ attempt' = l.n /\ owner' = l.a /\ effects' = effects + 1 /\ hedges' = 0 /\ second' = None
          /\ UNCHANGED retries
GoOn(l) == IF l.a = l.owner /\ l.n = l.attempt
           THEN attempt' = l.attempt + l.hedges /\ owner' = l.second /\ hedges' = 0 /\ second' = None
           ELSE UNCHANGED <<attempt, owner>> /\ hedges' = l.hedges + 1 /\ second' = None
Requeue(l) == /\ retries' = retries + 1
              /\ st' = IF retries + 1 >= MaxAttempts THEN "failed" ELSE "queued"
              /\ attempt' = IF SkipsTokens THEN l.attempt + l.hedges ELSE l.attempt
              /\ owner' = None /\ hedges' = 0 /\ second' = None
Settle(l) == /\ Fits(l) /\ looks' = looks \ {l}
             /\ IF l.o = "ok" THEN Win(l)
                ELSE IF l.second # None /\ LeavesToOther THEN GoOn(l) /\ UNCHANGED <<st, retries, effects>>
                ELSE Requeue(l) /\ UNCHANGED effects
             /\ UNCHANGED <<holds, disp, work, ghosts, faults>>
(* Refused: the row that the refusal returns is looked at, which is another Look. *)
SettleRefused(l) == ~Fits(l) /\ looks' = looks \ {l} /\ UNCHANGED <<row, holds, disp, work, ghosts, faults>>
(* Its slot is free, and it is told to stop: by whoever settled, or by the pulse. *)
ReleaseHold(a, n) == /\ <<a, n>> \in holds /\ Useless(a, n)
                     /\ holds' = holds \ {<<a, n>>} /\ work' = work \ {<<a, n>>}
                     /\ UNCHANGED <<row, disp, looks, ghosts, faults>>
(* A reservation whose claim did not come: the counter moves on, so that a late claim fails. *)
PulseFenceReservation(a, n) == /\ <<a, n>> \in holds /\ st \notin Final /\ n = Newest + 1
                               /\ IF \E d \in disp : d.a = a /\ d.n = n THEN Fault ELSE Free
                               /\ IF st = "queued" THEN attempt' = n /\ UNCHANGED hedges ELSE hedges' = hedges + 1 /\ UNCHANGED attempt
                               /\ UNCHANGED <<st, owner, second, retries, effects, holds, disp, work, looks, ghosts>>

Step(a, n) == PulseExpire(a, n) \/ ReleaseHold(a, n) \/ PulseFenceReservation(a, n) \/ \E o \in {"ok", "fail"} : Report(a, n, o)
Next == \/ \E a \in Agents : DispatchReserve(a) \/ HedgeReserve(a)
        \/ \E d \in disp : DispatchClaim(d) \/ HedgeClaim(d) \/ DispatchAbandon(d) \/ DispatchCrash(d)
        \/ \E w \in work : AgentCrash(w)
        \/ \E l \in looks : Settle(l) \/ SettleRefused(l)
        \/ \E h \in holds \cup work : Step(h[1], h[2])
Spec == Init /\ [][Next]_vars /\ WF_vars(\E l \in looks : Settle(l) \/ SettleRefused(l))
        /\ WF_vars(\E d \in disp : DispatchClaim(d) \/ HedgeClaim(d) \/ DispatchAbandon(d))
        /\ WF_vars(\E a \in Agents : DispatchReserve(a))
        /\ WF_vars(\E h \in holds : \/ (PulseExpire(h[1], h[2]) /\ Free)
                                    \/ ReleaseHold(h[1], h[2])
                                    \/ (PulseFenceReservation(h[1], h[2]) /\ Free))
        /\ SF_vars(\E h \in work : Report(h[1], h[2], "ok"))

(* ------------------------------ what must hold ------------------------------ *)
LeaseIsHeld == st = "processing" => <<owner, attempt>> \in holds /\ (second # None => <<second, Newest>> \in holds)
Apart       == second # None => second # owner
TokenOnce   == ~twice
OneEffect   == effects <= 1 /\ (st = "completed" <=> effects = 1)
(* An end without a result is counted only when nothing else runs. *)
CountedAlone == [][retries' > retries => second = None]_vars
WinnerRan    == [][st' = "completed" /\ st # "completed" => Live(owner', attempt')]_vars
EventuallySettled == <>(st \in Final)
EventuallyNoHolds == <>[](holds = {})
===============================================================================
