------------------------------- MODULE Dispatch -------------------------------
(* The protocol of docs/protocol.md: reserve, claim, assign, settle, release, expire, fence, advance, kill, preempt.

   The table's rows are variables and every action is ONE conditional write (or one TransactWriteItems), so a process may
   stop, be frozen, or be overtaken between any two of them. Messages are not consumed: a report can be delivered again at
   any later moment, in any order. Time has no variable. What only a time bound rules out (a slow dispatcher, a frozen
   agent, a hold that is expired although its agent lives) may happen at any moment and costs one of the F faults;
   what the bound promises to notice costs nothing.

   Switches (normally TRUE) are the mutants: with any of them FALSE, TLC must find the named property broken. *)
EXTENDS Naturals, FiniteSets, TLC
CONSTANTS Tasks, Agents,
          Deps,         \* Deps[t]: the tasks that t waits for (workflow nodes only)
          Nodes,        \* the tasks that belong to the workflow; the others come in by AcceptTask
          Wide,         \* nodes whose fan-out does not fit in one transaction: an attention row stands for the rest
          Cancels,      \* tasks that a user may cancel
          Kills,        \* agents that an operator may kill (and revive)
          Preempts,     \* tasks that may have to make way, each once: a pause follows that outlasts what is modelled
          Cap,          \* slots of an agent
          MaxAttempts,  \* retries + 1
          F,            \* faults
          Survivor,     \* an agent that surely comes back after a lapse; nobody else has to
          Fenced,         \* a settle is conditional on attempt and agent, not only on Processing
          AtomicAdvance,  \* settle + successors (or the attention row) in one transaction
          PulseHints,     \* the pulse re-creates hints from the table
          SendsHints,     \* use cases send hints at all
          PulseExpires,   \* the pulse settles lost holds
          PulseReleases,  \* the pulse removes holds that nobody can use any more
          SettleFirst,    \* settle before release
          ReserveFirst,   \* reserve before claim
          SlotCondition,  \* the reservation's write checks the room, not only the read before it
          FencesOrphans,  \* the pulse fences a reservation off (attempt + 1) before it removes it
          LooksBeforeAbandon, \* a dispatcher whose claim was refused looks at the row that the refusal returned
          KillCondition,  \* the reservation's write checks that the agent was not killed, not only the read before it
          RevokesFenced,  \* a revocation is conditional on the attempt and the agent, not only on the hold that was read
          PreemptAsks     \* who has to make way is asked and hands back; its slot is not taken from it
VARIABLES st,       \* task row: absent | queued | processing | completed | failed | cancelled | skipped
          attempt,  \* task row: the fencing token
          owner,    \* task row: assigned_agent while processing
          retries,  \* task row: retry_count
          holds,    \* agent row: the set of <<task, attempt>>
          lease,    \* agent row: lease_until has not passed
          attn,     \* attention rows: nodes whose successors are still to be inserted
          wf,       \* workflow head: submitted | running | finishing | finished
          killed,   \* agent rows: those with a stop that says killed
          hint,     \* dispatch.fifo: somebody was told that this task waits
          disp,     \* memory of dispatchers: [a, t, n, ph]
          work,     \* work[a]: attempts in a's inbox or hands, zombies included
          reps,     \* results.fifo: [t, n, a, o]
          eff,      \* ghost: accepted completions of a task
          won,      \* ghost: the attempt whose completion was accepted
          asked,    \* hold: whether the task was asked to make way: no | yes | done
          faults
vars == <<st, attempt, owner, retries, holds, lease, attn, wf, hint, disp, work, reps, eff, won, faults, killed, asked>>
rows == <<st, attempt, owner, retries, attn, wf, eff, won>>
stops == <<killed, asked>>

None     == "none"
Final    == {"completed", "failed", "cancelled", "skipped"}
CanFault == faults < F
Costs    == CanFault /\ faults' = faults + 1
Fault    == Costs /\ UNCHANGED stops
Free     == UNCHANGED <<faults, stops>>
Succ(t)  == {s \in Tasks : t \in Deps[s]}
RECURSIVE Below(_)
Below(t) == Succ(t) \cup UNION {Below(s) : s \in Succ(t)}

On(t, n, a)    == st[t] = "processing" /\ attempt[t] = n /\ owner[t] = a
(* Nobody can ever be Processing on this hold again. It stays true once it is true, so a stale read of it is good enough. *)
Useless(t, n, a) == ~On(t, n, a) /\ (attempt[t] >= n \/ st[t] \in Final)

Init == /\ st = [t \in Tasks |-> "absent"] /\ attempt = [t \in Tasks |-> 0] /\ owner = [t \in Tasks |-> None]
        /\ retries = [t \in Tasks |-> 0] /\ holds = [a \in Agents |-> {}] /\ lease = [a \in Agents |-> TRUE]
        /\ attn = {} /\ wf = IF Nodes = {} THEN "finished" ELSE "submitted"
        /\ hint = [t \in Tasks |-> FALSE] /\ disp = {} /\ work = [a \in Agents |-> {}] /\ reps = {}
        /\ eff = [t \in Tasks |-> 0] /\ won = [t \in Tasks |-> 0] /\ faults = 0
        /\ killed = {} /\ asked = [t \in Tasks |-> "no"]

(* ------------------------------ ways in ------------------------------ *)
(* The INSERT is conditional on the row's absence: the same submission again changes nothing. *)
AcceptTask(t) == /\ t \notin Nodes /\ st[t] = "absent"
                 /\ st' = [st EXCEPT ![t] = "queued"] /\ hint' = [hint EXCEPT ![t] = SendsHints]
                 /\ UNCHANGED <<attempt, owner, retries, holds, lease, attn, wf, disp, work, reps, eff, won, faults, stops>>

BeginWorkflow == LET roots == {t \in Nodes : Deps[t] = {}} IN
                 /\ wf = "submitted" /\ wf' = "running"
                 /\ st' = [t \in Tasks |-> IF t \in roots THEN "queued" ELSE st[t]]
                 /\ hint' = [t \in Tasks |-> IF t \in roots THEN SendsHints ELSE hint[t]]
                 /\ UNCHANGED <<attempt, owner, retries, holds, lease, attn, disp, work, reps, eff, won, faults, stops>>

(* The callback may be answered twice: Step Functions takes the first answer of a token. *)
FinishWorkflow == /\ wf = "finishing" /\ wf' = "finished"
                  /\ UNCHANGED <<st, attempt, owner, retries, holds, lease, attn, hint, disp, work, reps, eff, won, faults, stops>>

(* ------------------------------ dispatch ------------------------------ *)
(* Agent row: size(holds) < Cap, and nobody killed it. The key may be there already (a crashed dispatcher left it); dispatch.fifo makes a second dispatcher of a task rare: a fault. *)
DispatchReserve(a, t) ==
  LET h == <<t, attempt[t] + 1>>  r == [a |-> a, t |-> t, n |-> attempt[t] + 1, ph |-> "reserved"] IN
  /\ st[t] = "queued" /\ hint[t] /\ lease[a] /\ r \notin disp
  /\ SlotCondition => Cardinality(holds[a]) < Cap
  /\ KillCondition => a \notin killed
  /\ holds' = IF ReserveFirst THEN [holds EXCEPT ![a] = @ \cup {h}] ELSE holds
  /\ disp' = disp \cup {r}
  /\ IF \E d \in disp : d.t = t /\ d.ph = "reserved" THEN Fault ELSE Free
  /\ UNCHANGED <<rows, lease, hint, work, reps>>

(* Task row: Queued and attempt = n - 1. The answer may be lost after the commit: the dispatcher then asks again and finds
   in the refusal's old row that the claim is its own. *)
DispatchClaim(d) ==
  /\ d.ph = "reserved"
  /\ LET claimed == (disp \ {d}) \cup {[d EXCEPT !.ph = "claimed"]} IN
     \/ /\ st[d.t] = "queued" /\ attempt[d.t] = d.n - 1
        /\ st' = [st EXCEPT ![d.t] = "processing"] /\ attempt' = [attempt EXCEPT ![d.t] = d.n]
        /\ owner' = [owner EXCEPT ![d.t] = d.a] /\ hint' = [hint EXCEPT ![d.t] = FALSE]
        /\ \/ disp' = claimed /\ Free
           \/ UNCHANGED disp /\ Fault
        /\ UNCHANGED <<retries, attn, wf, eff, won>>
     \/ On(d.t, d.n, d.a) /\ disp' = claimed /\ UNCHANGED <<rows, hint>> /\ Free
  /\ UNCHANGED <<holds, lease, work, reps>>

(* The claim was refused: the reservation goes, unless the old row says Processing on this very hold. *)
DispatchAbandon(d) ==
  /\ d.ph = "reserved"
  /\ \/ Useless(d.t, d.n, d.a)
     \/ ~LooksBeforeAbandon /\ attempt[d.t] >= d.n
  /\ holds' = [holds EXCEPT ![d.a] = @ \ {<<d.t, d.n>>}] /\ disp' = disp \ {d}
  /\ UNCHANGED <<rows, lease, hint, work, reps, faults, stops>>

DispatchCrash(d) == /\ Fault /\ disp' = disp \ {d} /\ UNCHANGED <<rows, holds, lease, hint, work, reps>>

(* Nothing is checked between claim and send: a slow dispatcher may send an assignment that was taken back long ago. *)
SendAssign(d) == /\ d.ph = "claimed" /\ disp' = disp \ {d}
                 /\ work' = [work EXCEPT ![d.a] = @ \cup {<<d.t, d.n>>}]
                 /\ holds' = IF ReserveFirst THEN holds ELSE [holds EXCEPT ![d.a] = @ \cup {<<d.t, d.n>>}]
                 /\ UNCHANGED <<rows, lease, hint, reps, faults, stops>>

(* ------------------------------ agents ------------------------------ *)
(* A failed attempt and a hand-back (an agent that stops gracefully) are counted as faults to keep the model finite. Who was asked to make way hands back for nothing. *)
Report(a, w, o) == /\ w \in work[a] /\ work' = [work EXCEPT ![a] = @ \ {w}]
                   /\ reps' = reps \cup {[t |-> w[1], n |-> w[2], a |-> a, o |-> o]}
                   /\ IF o = "ok" THEN Free
                      ELSE IF o = "released" /\ asked[w[1]] = "yes"
                           THEN asked' = [asked EXCEPT ![w[1]] = "done"] /\ UNCHANGED <<faults, killed>>
                           ELSE Fault
                   /\ UNCHANGED <<rows, holds, lease, hint, disp>>
AgentCrash(a) == /\ work[a] # {} /\ Fault /\ work' = [work EXCEPT ![a] = {}]
                 /\ UNCHANGED <<rows, holds, lease, hint, disp, reps>>
(* The inbox delivers an assignment again although the agent has answered it. *)
Duplicate(r) == /\ Fault /\ <<r.t, r.n>> \notin work[r.a] /\ work' = [work EXCEPT ![r.a] = @ \cup {<<r.t, r.n>>}]
                /\ UNCHANGED <<rows, holds, lease, hint, disp, reps>>
(* Frozen, cut off, or a clock that runs ahead: everything the agent holds may be expired until it is heard again. *)
LeaseLapse(a) == lease[a] /\ Fault /\ lease' = [lease EXCEPT ![a] = FALSE] /\ UNCHANGED <<rows, holds, hint, disp, work, reps>>
Heartbeat(a)  == ~lease[a] /\ lease' = [lease EXCEPT ![a] = TRUE] /\ UNCHANGED <<rows, holds, hint, disp, work, reps, faults, stops>>

(* Lost messages: a hint (or the crash before it was sent), an assignment, a result. *)
LoseHint(t)      == hint[t] /\ Fault /\ hint' = [hint EXCEPT ![t] = FALSE] /\ UNCHANGED <<rows, holds, lease, disp, work, reps>>
LoseReport(r)    == Fault /\ reps' = reps \ {r} /\ UNCHANGED <<rows, holds, lease, hint, disp, work>>

(* ------------------------------ settle ------------------------------ *)
(* One transaction: the task, the workflow's head, and the successors' rows or the attention row. *)
SettleFinal(t, o) ==
  LET base == [st EXCEPT ![t] = o]
      go   == {s \in Succ(t) : base[s] = "absent" /\ \A d \in Deps[s] : base[d] = "completed"}
      late == o = "completed" /\ go # {} /\ (t \in Wide \/ ~AtomicAdvance)
      now  == IF o = "completed" /\ ~late THEN go ELSE {}
  IN /\ st' = [s \in Tasks |-> IF s \in now THEN "queued"
                               ELSE IF o # "completed" /\ s \in Below(t) /\ base[s] = "absent" THEN "skipped" ELSE base[s]]
     /\ hint' = [s \in Tasks |-> IF s = t THEN FALSE ELSE IF s \in now THEN SendsHints ELSE hint[s]]
     /\ attn' = IF late THEN attn \cup {t} ELSE attn
     /\ wf' = IF t \in Nodes /\ \A s \in Nodes : st'[s] \in Final THEN "finishing" ELSE wf
     /\ owner' = [owner EXCEPT ![t] = None] /\ UNCHANGED attempt

Requeue(t) == /\ st' = [st EXCEPT ![t] = "queued"] /\ owner' = [owner EXCEPT ![t] = None]
              /\ hint' = [hint EXCEPT ![t] = SendsHints] /\ UNCHANGED <<attempt, attn, wf>>

SettleLost(t) == /\ retries' = [retries EXCEPT ![t] = @ + 1]
                 /\ IF retries[t] + 1 >= MaxAttempts THEN SettleFinal(t, "failed") ELSE Requeue(t)
                 /\ UNCHANGED <<eff, won>>

(* Processing and attempt = n and assigned_agent = a. *)
Accepts(r) == IF Fenced THEN On(r.t, r.n, r.a) ELSE st[r.t] = "processing"

ApplyOk(r) == /\ r.o = "ok" /\ Accepts(r) /\ SettleFinal(r.t, "completed")
              /\ eff' = [eff EXCEPT ![r.t] = @ + 1] /\ won' = [won EXCEPT ![r.t] = r.n]
              /\ UNCHANGED <<retries, holds, lease, disp, work, reps, faults, stops>>
ApplyFail(r) == /\ r.o = "fail" /\ Accepts(r) /\ SettleLost(r.t)
                /\ UNCHANGED <<holds, lease, disp, work, reps, faults, stops>>
(* Hand-back: the attempt stays spent, the retry is not counted. *)
ApplyReleased(r) == /\ r.o = "released" /\ Accepts(r) /\ Requeue(r.t)
                    /\ UNCHANGED <<retries, eff, won, holds, lease, disp, work, reps, faults, stops>>
(* After its settle, or on any later delivery of the same report. *)
ReleaseHold(r) == /\ <<r.t, r.n>> \in holds[r.a] /\ (SettleFirst => Useless(r.t, r.n, r.a))
                  /\ holds' = [holds EXCEPT ![r.a] = @ \ {<<r.t, r.n>>}]
                  /\ UNCHANGED <<rows, lease, hint, disp, work, reps, faults, stops>>

(* The hold is left to the pulse: a cancelled task's agent is only told, not waited for. *)
CancelTask(t) == /\ t \in Cancels /\ st[t] \in {"queued", "processing"} /\ SettleFinal(t, "cancelled")
                 /\ UNCHANGED <<retries, eff, won, holds, lease, disp, work, reps, faults, stops>>

(* ------------------------------ stops ------------------------------ *)
(* Agent row: stopped. From now on nothing is reserved with it; what it holds is revoked by whoever killed it, or by the pulse. *)
KillAgent(a)   == /\ a \in Kills \ killed /\ killed' = killed \cup {a} /\ Costs
                  /\ UNCHANGED <<rows, holds, lease, hint, disp, work, reps, asked>>
ReviveAgent(a) == /\ a \in killed /\ killed' = killed \ {a}
                  /\ UNCHANGED <<rows, holds, lease, hint, disp, work, reps, asked, faults>>
(* Task row: Processing and attempt = n and assigned_agent = a -> Queued, attempt = n + 1, no retry counted. Its hold goes after it, as useless. *)
PulseRevoke(a, h) == /\ a \in killed /\ h \in holds[a]
                     /\ IF RevokesFenced THEN On(h[1], h[2], a) ELSE st[h[1]] \notin {"absent", "queued"}
                     /\ st' = [st EXCEPT ![h[1]] = "queued"] /\ owner' = [owner EXCEPT ![h[1]] = None]
                     /\ attempt' = [attempt EXCEPT ![h[1]] = @ + 1] /\ hint' = [hint EXCEPT ![h[1]] = SendsHints]
                     /\ UNCHANGED <<retries, attn, wf, eff, won, holds, lease, disp, work, reps, stops, faults>>
(* A critical task waits behind full agents: one of the holds is noted, its agent is asked. *)
DispatchPreempt(a, h) ==
  /\ h \in holds[a] /\ h[1] \in Preempts /\ asked[h[1]] = "no" /\ asked' = [asked EXCEPT ![h[1]] = "yes"]
  /\ holds' = IF PreemptAsks THEN holds ELSE [holds EXCEPT ![a] = @ \ {h}]
  /\ UNCHANGED <<rows, lease, hint, disp, work, reps, killed, faults>>

(* The rest of a wide fan-out: deterministic ids, must not exist; by apply-results or, after its crash, by the pulse. *)
InsertSuccessor(t, s) == /\ t \in attn /\ s \in Succ(t) /\ st[s] = "absent" /\ \A d \in Deps[s] : st[d] = "completed"
                         /\ st' = [st EXCEPT ![s] = "queued"] /\ hint' = [hint EXCEPT ![s] = SendsHints]
                         /\ UNCHANGED <<attempt, owner, retries, holds, lease, attn, wf, disp, work, reps, eff, won, faults, stops>>
ClearAttention(t) == /\ t \in attn /\ attn' = attn \ {t}
                     /\ \A s \in Succ(t) : st[s] # "absent" \/ \E d \in Deps[s] : st[d] # "completed"
                     /\ UNCHANGED <<st, attempt, owner, retries, holds, lease, wf, hint, disp, work, reps, eff, won, faults, stops>>
(* Without the transaction, what is left to insert lives in the handler's memory only. *)
AdvanceCrash == /\ ~AtomicAdvance /\ attn # {} /\ Fault /\ attn' = {}
                /\ UNCHANGED <<st, attempt, owner, retries, holds, lease, wf, hint, disp, work, reps, eff, won>>

(* ------------------------------ the pulse ------------------------------ *)
Alive(t, n, a) == \/ <<t, n>> \in work[a]
                  \/ \E r \in reps : r.t = t /\ r.n = n /\ r.a = a
                  \/ \E d \in disp : d.t = t /\ d.n = n /\ d.a = a
(* Found by reading the agents' holds only. A lapsed lease, or a hold that nobody confirms; to expire a live one costs a fault. *)
PulseExpire(a, h) == /\ PulseExpires /\ h \in holds[a] /\ On(h[1], h[2], a)
                     /\ IF ~lease[a] \/ ~Alive(h[1], h[2], a) THEN Free ELSE Fault
                     /\ SettleLost(h[1]) /\ UNCHANGED <<holds, lease, disp, work, reps>>
(* A reservation whose claim did not come. Task row: Queued and attempt = n - 1 -> attempt = n. The late claim now fails. *)
PulseFenceReservation(a, h) ==
  /\ PulseReleases /\ FencesOrphans /\ h \in holds[a] /\ st[h[1]] = "queued" /\ attempt[h[1]] = h[2] - 1
  /\ IF \E d \in disp : d.t = h[1] /\ d.n = h[2] THEN Fault ELSE Free
  /\ attempt' = [attempt EXCEPT ![h[1]] = h[2]] /\ hint' = [hint EXCEPT ![h[1]] = SendsHints]
  /\ UNCHANGED <<st, owner, retries, attn, wf, eff, won, holds, lease, disp, work, reps>>
PulseReleaseOrphanHold(a, h) ==
  /\ PulseReleases /\ h \in holds[a]
  /\ \/ Useless(h[1], h[2], a) /\ Free
     \/ /\ ~FencesOrphans /\ ~On(h[1], h[2], a)
        /\ IF \E d \in disp : d.t = h[1] /\ d.n = h[2] THEN Fault ELSE Free
  /\ holds' = [holds EXCEPT ![a] = @ \ {h}]
  /\ UNCHANGED <<rows, lease, hint, disp, work, reps>>
(* It cannot see the queue, so it may repeat a hint that is still there; a retry that became due is the same action. *)
PulseHint(t) == /\ PulseHints /\ st[t] = "queued" /\ ~hint[t] /\ hint' = [hint EXCEPT ![t] = TRUE]
                /\ UNCHANGED <<rows, holds, lease, disp, work, reps, faults, stops>>

Settled == (\A t \in Tasks : st[t] \in Final) /\ wf = "finished"
Stop    == Settled /\ UNCHANGED vars

Next == \/ BeginWorkflow \/ FinishWorkflow \/ AdvanceCrash \/ Stop
        \/ \E t \in Tasks : AcceptTask(t) \/ CancelTask(t) \/ PulseHint(t) \/ LoseHint(t)
        \/ \E a \in Agents, t \in Tasks : DispatchReserve(a, t)
        \/ \E d \in disp : DispatchClaim(d) \/ DispatchAbandon(d) \/ DispatchCrash(d) \/ SendAssign(d)
        \/ \E a \in Agents : AgentCrash(a) \/ LeaseLapse(a) \/ Heartbeat(a) \/ KillAgent(a) \/ ReviveAgent(a)
        \/ \E a \in Agents : \E w \in work[a], o \in {"ok", "fail", "released"} : Report(a, w, o)
        \/ \E r \in reps : ApplyOk(r) \/ ApplyFail(r) \/ ApplyReleased(r) \/ ReleaseHold(r) \/ Duplicate(r) \/ LoseReport(r)
        \/ \E t \in attn : ClearAttention(t) \/ \E s \in Succ(t) : InsertSuccessor(t, s)
        \/ \E a \in Agents : \E h \in holds[a] : PulseExpire(a, h) \/ PulseFenceReservation(a, h) \/ PulseReleaseOrphanHold(a, h)
        \/ \E a \in Agents : \E h \in holds[a] : PulseRevoke(a, h) \/ DispatchPreempt(a, h)

Fair == /\ WF_vars(BeginWorkflow) /\ WF_vars(FinishWorkflow) /\ WF_vars(Heartbeat(Survivor))
        /\ \A t \in Tasks : /\ WF_vars(AcceptTask(t)) /\ WF_vars(PulseHint(t))
                            /\ SF_vars(\E a \in Agents : DispatchReserve(a, t))
                            /\ WF_vars(\E r \in reps : r.t = t /\ (ApplyOk(r) \/ ApplyFail(r) \/ ApplyReleased(r)))
        /\ WF_vars(\E d \in disp : DispatchClaim(d) \/ DispatchAbandon(d) \/ SendAssign(d))
        /\ WF_vars(\E a \in Agents : \E w \in work[a] : Report(a, w, "ok"))
        /\ WF_vars(\E r \in reps : ReleaseHold(r))
        /\ WF_vars(\E t \in attn : ClearAttention(t) \/ \E s \in Succ(t) : InsertSuccessor(t, s))
        /\ WF_vars(\E a \in Agents : \E h \in holds[a] :
                     \/ PulseExpire(a, h) /\ Free
                     \/ PulseRevoke(a, h)
                     \/ PulseFenceReservation(a, h) /\ Free
                     \/ PulseReleaseOrphanHold(a, h) /\ Free)
Spec == Init /\ [][Next]_vars /\ Fair

(* ------------------------------ what must hold ------------------------------ *)
TypeOK == /\ st \in [Tasks -> {"absent", "queued", "processing"} \cup Final]
          /\ \A t \in Tasks : retries[t] <= MaxAttempts /\ owner[t] \in Agents \cup {None}
          /\ wf \in {"submitted", "running", "finishing", "finished"}
ProcessingIsHeld   == \A t \in Tasks : st[t] = "processing" => <<t, attempt[t]>> \in holds[owner[t]]
SlotsNeverExceeded == \A a \in Agents : Cardinality(holds[a]) <= Cap
OneEffect          == \A t \in Tasks : eff[t] <= 1
CompletedHasEffect == \A t \in Tasks : (st[t] = "completed") <=> (eff[t] = 1)
NoZombieWin        == \A t \in Tasks : st[t] = "completed" => won[t] = attempt[t]
OneHolder          == \A t \in Tasks : Cardinality({a \in Agents : <<t, attempt[t]>> \in work[a]}) <= 1
NoFutureToken      == \A a \in Agents : \A w \in work[a] : w[2] <= attempt[w[1]]
DagOrder           == \A t \in Tasks : st[t] \in {"queued", "processing", "completed"} => \A d \in Deps[t] : st[d] = "completed"
AdvanceExact       == \A t \in Nodes : (wf # "submitted" /\ st[t] = "absent" /\ \A d \in Deps[t] : st[d] = "completed")
                                         => \E d \in Deps[t] : d \in attn
FinishExact        == Nodes # {} => ((wf \in {"finishing", "finished"}) <=> \A t \in Nodes : st[t] \in Final)
FailedOnlyAfter    == \A t \in Tasks : st[t] = "failed" => retries[t] >= MaxAttempts
AttemptMonotone    == [][\A t \in Tasks : attempt'[t] >= attempt[t]
                          /\ (st[t] # "processing" /\ st'[t] = "processing" => attempt'[t] = attempt[t] + 1)]_vars
FinalIsFinal       == [][\A t \in Tasks : st[t] \in Final => st'[t] = st[t]]_vars
KilledGetsNothing  == [][\A a \in killed : holds'[a] \subseteq holds[a]]_vars
EventuallySettled  == <>[]Settled                                          \* nothing accepted is lost, no deadlock
EventuallyCompleted == <>[](\A t \in Tasks : st[t] = "completed")          \* needs F < MaxAttempts and no cancellation
EventuallyNoHolds  == <>[](\A a \in Agents : holds[a] = {})                \* no slot leaks
===============================================================================
