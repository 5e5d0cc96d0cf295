-------------------------------- MODULE Commit --------------------------------
(* Two-phase commit of a `transaction` node. The coordinator is the workflow's row: the decision is an expansion committed with the tasks that carry it out. A
   participant is an agent with a memory of its own: what it prepared, committed or undid. A task is given again until its result is accepted, on its fence
   (Dispatch.tla), so messages need no variable here; what an agent did is known to the row only through such a result. *)
EXTENDS Naturals, FiniteSets
CONSTANTS Participants, F,
          Cancels,      \* the workflow may be cancelled at any moment
          Durable,      \* the decision is stored before anybody is told
          AllVotes,     \* commit asks for every vote, not only for those that came
          Unstoppable,  \* a decision is carried out even when the workflow is cancelled
          TellsAgain,   \* a decision is told until the participant has answered
          Asks,         \* who has prepared gives up only when it has asked and there is no decision any more
          StopAborts,   \* stopping an undecided transaction (a cancellation, a time-out around it) decides abort in the same advance
          LateMeansNo   \* when the time to prepare is over, who has not voted counts as a no
VARIABLES decision,   \* row: none | commit | abort
          vote,       \* row of the prepare task: open | yes | no (refused, failed for good, or timed out)
          heard,      \* row of the second task: open | answered | failed
          cancelled,  \* row: the transaction was stopped before a decision
          state,      \* the participant: idle | prepared | refused | committed | undone
          memory,     \* what an evaluation decided that has not stored it: none | commit | abort
          faults
vars == <<decision, vote, heard, cancelled, state, memory, faults>>

Fault == faults < F /\ faults' = faults + 1
Free  == UNCHANGED faults
Init == /\ decision = "none" /\ vote = [p \in Participants |-> "open"] /\ heard = [p \in Participants |-> "open"]
        /\ cancelled = FALSE /\ state = [p \in Participants |-> "idle"] /\ memory = "none" /\ faults = 0

(* First phase. A participant that is asked again answers what it knows; one that was frozen may prepare when nobody waits for it any more. *)
Prepare(p) == /\ state[p] = "idle"
              /\ \E s \in {"prepared", "refused"} : state' = [state EXCEPT ![p] = s]
              /\ UNCHANGED <<decision, vote, heard, cancelled, memory, faults>>
Vote(p) == /\ vote[p] = "open" /\ state[p] \in {"prepared", "refused"} /\ ~cancelled
           /\ vote' = [vote EXCEPT ![p] = IF state[p] = "prepared" THEN "yes" ELSE "no"]
           /\ UNCHANGED <<decision, heard, cancelled, state, memory, faults>>
(* Time-outs and lost attempts used up the retries; a vote that comes later finds the row ended. *)
PrepareFails(p) == /\ vote[p] = "open" /\ ~cancelled /\ Fault /\ vote' = [vote EXCEPT ![p] = "no"]
                   /\ UNCHANGED <<decision, heard, cancelled, state, memory>>

(* The time to prepare is over while a vote is missing. The tasks end with it, so a vote that comes later is refused. *)
PrepareEnds == /\ decision = "none" /\ ~cancelled /\ memory = "none" /\ Fault
               /\ vote' = [p \in Participants |-> IF vote[p] = "open" /\ LateMeansNo THEN "no" ELSE vote[p]]
               /\ decision' = IF \A p \in Participants : vote'[p] \in {"yes", "open"} THEN "commit" ELSE "abort"
               /\ UNCHANGED <<heard, cancelled, state, memory>>

Votes == {vote[p] : p \in Participants}
Ready == "no" \in Votes \/ (IF AllVotes THEN "open" \notin Votes ELSE "yes" \in Votes)
Verdict == IF "no" \in Votes THEN "abort" ELSE "commit"
(* One transaction on the head's sequence number. Without Durable the evaluation tells first and stores later, or never. *)
Decide == /\ decision = "none" /\ ~cancelled /\ Ready /\ memory = "none"
          /\ IF Durable THEN decision' = Verdict /\ UNCHANGED memory ELSE memory' = Verdict /\ UNCHANGED decision
          /\ UNCHANGED <<vote, heard, cancelled, state, faults>>
StoreLater == /\ memory # "none" /\ decision = "none" /\ ~cancelled /\ decision' = memory /\ memory' = "none"
              /\ UNCHANGED <<vote, heard, cancelled, state, faults>>
DecideCrash == memory # "none" /\ Fault /\ memory' = "none" /\ UNCHANGED <<decision, vote, heard, cancelled, state>>

(* Second phase: the agent carries it out, then its answer is accepted. A participant that never prepared has nothing to undo. *)
Told == IF decision # "none" THEN decision ELSE memory
CarryOut(p) == /\ Told # "none" /\ heard[p] = "open" /\ state[p] \in {"idle", "prepared"}
               /\ state' = [state EXCEPT ![p] = IF Told = "commit" THEN "committed" ELSE "undone"]
               /\ UNCHANGED <<decision, vote, heard, cancelled, memory, faults>>
Answer(p) == /\ decision # "none" /\ heard[p] = "open" /\ state[p] \in {"committed", "undone", "refused"}
             /\ heard' = [heard EXCEPT ![p] = "answered"]
             /\ UNCHANGED <<decision, vote, cancelled, state, memory, faults>>
TellFails(p) == /\ decision # "none" /\ heard[p] = "open" /\ ~TellsAgain /\ Fault /\ heard' = [heard EXCEPT ![p] = "failed"]
                /\ UNCHANGED <<decision, vote, cancelled, state, memory>>

(* The time to carry it out is over: the node goes on as failed, which changes nothing here, since its tasks are told on. *)
Cancel == /\ Cancels /\ ~cancelled /\ cancelled' = TRUE
          /\ IF decision = "none" THEN decision' = (IF StopAborts THEN "abort" ELSE decision) /\ UNCHANGED heard
             ELSE /\ ~Unstoppable /\ UNCHANGED decision
                  /\ heard' = [p \in Participants |-> IF heard[p] = "open" THEN "failed" ELSE heard[p]]
          /\ UNCHANGED <<vote, state, memory, faults>>
(* Presumed abort, which nobody has to rely on: it has prepared, hears nothing, and finds the workflow ended without a decision. *)
Presume(p) == /\ state[p] = "prepared" /\ (~Asks \/ (cancelled /\ decision = "none"))
              /\ state' = [state EXCEPT ![p] = "undone"]
              /\ UNCHANGED <<decision, vote, heard, cancelled, memory, faults>>

Step(p) == Prepare(p) \/ Vote(p) \/ CarryOut(p) \/ Answer(p)
Next == \/ Decide \/ PrepareEnds \/ StoreLater \/ DecideCrash \/ Cancel
        \/ \E p \in Participants : Step(p) \/ PrepareFails(p) \/ TellFails(p) \/ Presume(p)
Spec == Init /\ [][Next]_vars /\ WF_vars(Decide) /\ WF_vars(StoreLater) /\ \A p \in Participants : WF_vars(Step(p))

(* All or nothing, at every moment. *)
Atomic == ~(\E p, q \in Participants : state[p] = "committed" /\ state[q] \in {"undone", "refused"})
CommitNeedsAll == decision = "commit" => \A p \in Participants : vote[p] = "yes"
DecisionIsStable == [][decision # "none" => decision' = decision]_decision
(* Nobody stays prepared for ever: that would be a lock that nothing opens. *)
EventuallyLearned == <>[](\A p \in Participants : state[p] # "prepared")
EventuallyEnded == <>[](decision # "none" /\ \A p \in Participants : heard[p] # "open")
===============================================================================
