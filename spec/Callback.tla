------------------------------- MODULE Callback -------------------------------
(* One workflow and its executions in Step Functions: an execution waits for its token to be answered, the workflow ends by an advance that may have
   read the head before the token was stored, and whoever does either may stop between any two steps. Each action is one read, one conditional write, or one
   call. The tasks of the workflow are one step here (Dispatch.tla has them). The attention mark is what the pulse works by. *)
EXTENDS Naturals
CONSTANTS Executions,     \* 1..n, started in this order; n is started when n - 1 has died, or for a redrive
          Redrives,       \* times that the ended workflow is opened again
          F,              \* faults
          LooksAgain,     \* a beginning looks at the head as it is once its token is stored, not as it was before
          KeepsToken,     \* an advance sets no token over one that is stored
          Marks,          \* the advance that ends the workflow leaves the attention mark
          PublishesFirst, \* the mark is taken back after the end is published
          CommitsFirst,   \* the token is answered after the end is committed
          FencesTokens,   \* a token is stored over those of earlier executions only
          OwesExecution,  \* a submission that begins leaves the mark of the creation until it has started an execution
          ShowsRedrives,  \* the pulse starts another execution where those of former openings are all there are
          ClearsOwn       \* and takes back no mark but that one
VARIABLES status,    \* head: created | running | finished
          former,    \* the executions that were over when the workflow was opened again
          token,     \* head: the execution whose token is stored, 0 for none
          mark,      \* the attention row, by what left it: "creation", "end", "redrive"; {} when it is gone
          exec,      \* an execution: absent | waiting | finishing | published | ended | dead
          begins,    \* the Run state's function: idle | called | stored
          submits,   \* the submission: created | begun | done
          seen,      \* memory of the advance that ends the workflow: [pc, token]
          published, \* ghost: the end of this opening was published
          redriven, faults
vars == <<status, former, token, mark, exec, begins, submits, seen, published, redriven, faults>>
heads == <<status, former, token, mark>>

Fault == faults < F /\ faults' = faults + 1
Free  == UNCHANGED faults
Idle  == [pc |-> "idle", token |-> 0]
Lives(e) == exec[e] \in {"waiting", "finishing", "published"}
(* SendTaskSuccess: an answer to an execution that waits no more is refused and changes nothing. *)
Answered(e) == IF e # 0 /\ exec[e] = "waiting" THEN [exec EXCEPT ![e] = "finishing"] ELSE exec

Init == /\ status = "created" /\ former = {} /\ token = 0 /\ mark = {"creation"} /\ submits = "created" /\ exec = [e \in Executions |-> "absent"]
        /\ begins = [e \in Executions |-> "idle"] /\ seen = Idle /\ published = FALSE /\ redriven = 0 /\ faults = 0

Started == {e \in Executions : exec[e] # "absent"}
(* This opening of the workflow is seen in Step Functions; no more executions than so many are ever started for one workflow. *)
Shown == Started \ (IF ShowsRedrives THEN former ELSE {}) # {} \/ Started = Executions

(* By the submission or a redrive, at any moment, late ones included, or never. *)
StartExecution(e) ==
  /\ exec[e] = "absent" /\ \A d \in Executions : d < e => exec[d] \in {"dead", "ended"}
  /\ exec' = [exec EXCEPT ![e] = "waiting"] /\ begins' = [begins EXCEPT ![e] = "called"]
  /\ UNCHANGED <<heads, submits, seen, published, redriven, faults>>

(* The token first, unless that of a later execution is there: a beginning may have been frozen for however long. The write answers with the head in the same step; here
   looking is a step of its own, which allows more. *)
BeginStoreToken(e) ==
  /\ begins[e] = "called"
  /\ token' = (IF FencesTokens /\ token > e THEN token ELSE e)
  /\ begins' = [begins EXCEPT ![e] = IF LooksAgain \/ status = "created" THEN "stored" ELSE "idle"]
  /\ UNCHANGED <<status, former, mark, exec, submits, seen, published, redriven, faults>>
(* Nobody has begun the workflow: the first tasks, in one transaction that pays the mark of the creation. *)
BeginCommit(e) ==
  /\ begins[e] = "stored" /\ status = "created"
  /\ status' = "running" /\ mark' = {} /\ begins' = [begins EXCEPT ![e] = "idle"]
  /\ UNCHANGED <<former, token, exec, submits, seen, published, redriven, faults>>
BeginLookAgain(e) ==
  /\ begins[e] = "stored" /\ status # "created" /\ begins' = [begins EXCEPT ![e] = "idle"]
  /\ exec' = IF status = "finished" THEN Answered(e) ELSE exec
  /\ UNCHANGED <<heads, submits, seen, published, redriven, faults>>
(* The function stops; Step Functions calls it again. *)
BeginCrash(e) == begins[e] = "stored" /\ Fault /\ begins' = [begins EXCEPT ![e] = "called"]
                 /\ UNCHANGED <<heads, exec, submits, seen, published, redriven>>

(* The last results: read the head, commit the end, answer the token that was read. *)
AdvanceRead   == /\ status = "running" /\ seen.pc = "idle" /\ seen' = [pc |-> "read", token |-> token]
                 /\ exec' = IF CommitsFirst THEN exec ELSE Answered(token)
                 /\ UNCHANGED <<heads, begins, submits, published, redriven, faults>>
AdvanceCommit == /\ seen.pc = "read" /\ status = "running" /\ status' = "finished" /\ mark' = (IF Marks THEN mark \union {"end"} ELSE mark)
                 /\ token' = IF KeepsToken THEN token ELSE seen.token
                 /\ seen' = [seen EXCEPT !.pc = "committed"]
                 /\ UNCHANGED <<former, exec, begins, submits, published, redriven, faults>>
AdvanceAnswer == /\ seen.pc = "committed" /\ seen' = Idle /\ exec' = Answered(seen.token)
                 /\ UNCHANGED <<heads, begins, submits, published, redriven, faults>>
AdvanceCrash  == seen.pc # "idle" /\ Fault /\ seen' = Idle /\ UNCHANGED <<heads, exec, begins, submits, published, redriven>>

(* The Finish state: publish, then take back the mark. It publishes nothing for a workflow that is open. *)
FinishPublish(e) ==
  /\ exec[e] = "finishing" /\ exec' = [exec EXCEPT ![e] = "published"]
  /\ IF PublishesFirst THEN published' = (published \/ status = "finished") /\ UNCHANGED mark
     ELSE mark' = (IF status = "finished" THEN {} ELSE mark) /\ UNCHANGED published
  /\ UNCHANGED <<status, former, token, begins, submits, seen, redriven, faults>>
FinishClear(e) ==
  /\ exec[e] = "published" /\ exec' = [exec EXCEPT ![e] = "ended"]
  /\ IF PublishesFirst THEN mark' = (IF status = "finished" /\ published THEN {} ELSE mark) /\ UNCHANGED published
     ELSE published' = (published \/ status = "finished") /\ UNCHANGED mark
  /\ UNCHANGED <<status, former, token, begins, submits, seen, redriven, faults>>
(* Stopped by somebody, or broken for good; also between the two steps of Finish. *)
ExecutionDies(e) == Lives(e) /\ Fault /\ exec' = [exec EXCEPT ![e] = "dead"]
                    /\ UNCHANGED <<heads, begins, submits, seen, published, redriven>>

(* The submission begins what it created, before any execution, unless it stops there or somebody else is first. The mark of the creation stays until it has started an execution. *)
SubmitBegin == /\ submits = "created" /\ status = "created" /\ status' = "running" /\ submits' = "begun"
               /\ mark' = IF OwesExecution THEN mark ELSE {}
               /\ UNCHANGED <<former, token, exec, begins, seen, published, redriven, faults>>
SubmitClear == /\ submits = "begun" /\ (Started # {} \/ ~OwesExecution) /\ submits' = "done"
               /\ mark' = IF ClearsOwn /\ ~(mark \subseteq {"creation"}) THEN mark ELSE {}
               /\ UNCHANGED <<status, former, token, exec, begins, seen, published, redriven, faults>>
(* The pulse, by the mark. It starts an execution where there is none, begins a workflow that nobody began, and ends what waits; where none waits it publishes the end itself. *)
PulseStart  == /\ mark # {} /\ ~Shown
               /\ \E e \in Executions : /\ exec[e] = "absent" /\ \A d \in Executions : d < e => exec[d] \in {"dead", "ended"}
                                       /\ exec' = [exec EXCEPT ![e] = "waiting"] /\ begins' = [begins EXCEPT ![e] = "called"]
               /\ UNCHANGED <<heads, submits, seen, published, redriven, faults>>
PulseBegin  == /\ mark # {} /\ Shown /\ status = "created" /\ status' = "running" /\ mark' = {}
               /\ UNCHANGED <<former, token, exec, begins, submits, seen, published, redriven, faults>>
PulseFinish == /\ mark # {} /\ Shown /\ status = "finished"
               /\ IF Answered(token) # exec THEN exec' = Answered(token) /\ UNCHANGED <<mark, published>>
                  ELSE published' = TRUE /\ mark' = {} /\ UNCHANGED exec
               /\ UNCHANGED <<status, former, token, begins, submits, seen, redriven, faults>>

(* What is owed while it runs (rows of a wide fan-out) is Dispatch.tla's subject; then the mark goes. *)
PulseProgress == /\ mark # {} /\ Shown /\ status = "running" /\ mark' = {}
                 /\ UNCHANGED <<status, former, token, exec, begins, submits, seen, published, redriven, faults>>

(* Not in the moment in which an execution of the former opening ends: that one would pass for one of this, and the opening may go unseen. *)
Redrive == /\ \A e \in Executions : exec[e] \notin {"finishing", "published"}
           /\ status = "finished" /\ published /\ redriven < Redrives /\ redriven' = redriven + 1
           /\ status' = "running" /\ published' = FALSE /\ mark' = {"redrive"} /\ former' = {e \in Started : exec[e] # "waiting"}
           /\ UNCHANGED <<token, exec, begins, submits, seen, faults>>

Work == AdvanceRead \/ AdvanceCommit \/ AdvanceAnswer
Run(e) == BeginCommit(e) \/ BeginStoreToken(e) \/ BeginLookAgain(e) \/ FinishPublish(e) \/ FinishClear(e)
Next == \/ Work \/ AdvanceCrash \/ SubmitBegin \/ SubmitClear \/ PulseStart \/ PulseBegin \/ PulseFinish \/ PulseProgress \/ Redrive
        \/ \E e \in Executions : StartExecution(e) \/ Run(e) \/ BeginCrash(e) \/ ExecutionDies(e)
Spec == Init /\ [][Next]_vars /\ WF_vars(Work) /\ WF_vars(PulseStart) /\ WF_vars(PulseBegin) /\ WF_vars(PulseFinish)
             /\ \A e \in Executions : WF_vars(Run(e))

(* What the mark promises: an end that nobody heard of is known to the pulse. *)
EndIsOwed == (status = "finished" /\ ~published) => mark # {}
(* An execution goes on only when its workflow has ended; a redrive may have opened it since. *)
AnsweredAtTheEnd == (\E e \in Executions : exec[e] \in {"finishing", "published", "ended"}) => status = "finished" \/ redriven > 0
(* And an opening, the first or a redrive, without any execution. *)
ExecutionIsOwed == Started \ former = {} => mark # {} \/ Started = Executions
EventuallyShown == []<>Shown
EventuallyPublished == <>[](status = "finished" /\ published)
EventuallyNoneWaits == <>[](\A e \in Executions : exec[e] # "waiting")
===============================================================================
