--------------------------------- MODULE Saga ---------------------------------
(* Undoing: a node with `on_error: compensate` fails, nothing more is started, what runs goes on to its end, then what completed is undone in reverse order of the
   dependencies by tasks of its own. A compensation that fails for good stops for a human. An action is one advance, which is one transaction on the head's
   sequence number, so a crash between two of them changes nothing; how a task gets to its result is Dispatch.tla's subject. *)
EXTENDS Naturals, FiniteSets, TLC
CONSTANTS Nodes, Deps,    \* Deps[n]: the nodes that n waits for
          Undoable,       \* nodes that say how they are undone
          F,              \* compensations that fail for good
          StopsStarting,  \* once a compensation is asked for nothing more is started
          WaitsForAll,    \* undoing begins when nothing runs any more
          ListsLate,      \* what is to be undone is listed when undoing begins, not when it is asked for
          Reverse         \* what depends on a node is undone before the node
VARIABLES st,     \* letter: waiting | running | completed | failed | skipped
          undo,   \* compensation of a node: none | waiting | running | done | failed | given (taken as done by a human)
          phase,  \* none | requested | running | failed | completed
          list,   \* the nodes that are to be undone
          world,  \* what the outside has seen of a node: nothing | done | undone
          wrong,  \* ghost: something was undone before what depends on it
          faults
vars == <<st, undo, phase, list, world, wrong, faults>>

Fault == faults < F /\ faults' = faults + 1
Running   == {n \in Nodes : st[n] = "running"}
Completed == {n \in Nodes : st[n] = "completed" /\ n \in Undoable}
RECURSIVE Above(_)
Above(n) == Deps[n] \cup UNION {Above(d) : d \in Deps[n]}
After(n) == {m \in Nodes : n \in Above(m)}
Ended(n) == undo[n] \in {"done", "given"}

Init == /\ st = [n \in Nodes |-> "waiting"] /\ undo = [n \in Nodes |-> "none"] /\ phase = "none" /\ list = {}
        /\ world = [n \in Nodes |-> "nothing"] /\ wrong = FALSE /\ faults = 0

Start(n) == /\ st[n] = "waiting" /\ (phase = "none" \/ ~StopsStarting) /\ \A d \in Deps[n] : st[d] = "completed"
            /\ st' = [st EXCEPT ![n] = "running"] /\ UNCHANGED <<undo, phase, list, world, wrong, faults>>
Complete(n) == /\ st[n] = "running" /\ st' = [st EXCEPT ![n] = "completed"] /\ world' = [world EXCEPT ![n] = "done"]
               /\ UNCHANGED <<undo, phase, list, wrong, faults>>
(* A node that failed changed nothing outside, or has put it right: what it left behind is its own to clean. *)
Fail(n) == /\ st[n] = "running" /\ st' = [st EXCEPT ![n] = "failed"]
           /\ phase' = IF phase = "none" THEN "requested" ELSE phase
           /\ list' = IF phase = "none" /\ ~ListsLate THEN Completed ELSE list
           /\ UNCHANGED <<undo, world, wrong, faults>>
BeginUndoing == /\ phase = "requested" /\ (WaitsForAll => Running = {}) /\ phase' = "running"
                /\ LET all == IF ListsLate THEN Completed ELSE list IN
                   list' = all /\ undo' = [n \in Nodes |-> IF n \in all THEN "waiting" ELSE "none"]
                /\ st' = [n \in Nodes |-> IF st[n] = "waiting" /\ StopsStarting THEN "skipped" ELSE st[n]]
                /\ UNCHANGED <<world, wrong, faults>>
CanUndo(n) == undo[n] = "waiting" /\ (Reverse => \A m \in After(n) \cap list : Ended(m))
StartUndo(n) == /\ phase = "running" /\ CanUndo(n)
                /\ undo' = [undo EXCEPT ![n] = "running"] /\ UNCHANGED <<st, phase, list, world, wrong, faults>>
EndUndo(n) == /\ undo[n] = "running" /\ undo' = [undo EXCEPT ![n] = "done"] /\ world' = [world EXCEPT ![n] = "undone"]
              /\ wrong' = (wrong \/ \E m \in After(n) \cap Undoable : world[m] = "done" /\ undo[m] # "given")
              /\ UNCHANGED <<st, phase, list, faults>>
FailUndo(n) == /\ undo[n] = "running" /\ Fault /\ undo' = [undo EXCEPT ![n] = "failed"]
               /\ UNCHANGED <<st, phase, list, world, wrong>>
(* Nothing runs, nothing may start: a human has to look. *)
Stuck == /\ \E n \in list : undo[n] = "failed"
         /\ \A n \in list : undo[n] # "running" /\ ~CanUndo(n)
StopForHuman == /\ phase = "running" /\ Stuck /\ phase' = "failed" /\ UNCHANGED <<st, undo, list, world, wrong, faults>>
Resume == /\ phase = "failed" /\ phase' = "running"
          /\ \E word \in {"waiting", "given"} : undo' = [n \in Nodes |-> IF undo[n] = "failed" THEN word ELSE undo[n]]
          /\ UNCHANGED <<st, list, world, wrong, faults>>
EndUndoing == /\ phase = "running" /\ (\A n \in list : Ended(n)) /\ phase' = "completed"
              /\ UNCHANGED <<st, undo, list, world, wrong, faults>>

Advance == BeginUndoing \/ StopForHuman \/ EndUndoing \/ Resume
Node(n) == Start(n) \/ Complete(n) \/ StartUndo(n) \/ EndUndo(n)
Next == Advance \/ \E n \in Nodes : Node(n) \/ Fail(n) \/ FailUndo(n)
Spec == Init /\ [][Next]_vars /\ WF_vars(Advance) /\ \A n \in Nodes : WF_vars(Node(n))

(* When all is undone nothing that can be undone still stands, except what a human took as done. *)
UndoneExactly == phase = "completed" => \A n \in Undoable : world[n] = "done" => undo[n] = "given"
NothingElse == \A n \in Nodes : world[n] = "undone" => st[n] = "completed" /\ n \in list
InReverse == ~wrong
NothingRunsBeside == phase \in {"running", "failed", "completed"} => Running = {}
EventuallyOver == <>[](phase = "completed" \/ (phase = "none" /\ \A n \in Nodes : st[n] = "completed"))
===============================================================================
