
3
deep
pair

registered
	state*

r*
`
leftpair/.ATTRIBUTES/leftpair/.ATTRIBUTES/&
a.Sb..cpair/.ATTRIBUTES/a..Sb....c*
 "
Golden.Saver
registered*
,&
py_statestate/.ATTRIBUTES/py_state*
"
Golden.Saverdeep/r*