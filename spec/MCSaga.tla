---- MODULE MCSaga ----
(* The constants' values that a .cfg file cannot write down. *)
EXTENDS Saga
CONSTANTS n1, n2, n3, n4
Diamond == (n1 :> {} @@ n2 :> {n1} @@ n3 :> {n1} @@ n4 :> {n2, n3})
Join    == (n1 :> {} @@ n2 :> {} @@ n3 :> {n1, n2} @@ n4 :> {n3})
====
