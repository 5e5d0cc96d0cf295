---- MODULE MC ----
(* The constants' values that a .cfg file cannot write down. *)
EXTENDS Dispatch
CONSTANTS t1, t2, t3, a1, a2
Join   == (t1 :> {} @@ t2 :> {} @@ t3 :> {t1, t2})
Chain  == (t1 :> {} @@ t2 :> {} @@ t3 :> {t1})
Fan    == (t1 :> {} @@ t2 :> {t1} @@ t3 :> {t1})
Pair   == (t1 :> {} @@ t2 :> {})
Single == (t1 :> {})
Sym    == Permutations({a1, a2})
====
