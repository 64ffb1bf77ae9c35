
$
b
d
save_counter*

z
a*
`

.
a/x
d/.S
.ATTRIBUTES
	.OPTIMIZER_SLOT


naïve ☃
c/*
MG
VARIABLE_VALUEsave_counter'save_counter/.ATTRIBUTES/VARIABLE_VALUE*
?9
VARIABLE_VALUEscope/vb/z/.ATTRIBUTES/VARIABLE_VALUE*
A;
VARIABLE_VALUEVariabled/../.ATTRIBUTES/VARIABLE_VALUE*
C=
VARIABLE_VALUEVariable!d/a.Sx/.ATTRIBUTES/VARIABLE_VALUE*
E?
VARIABLE_VALUEVariable#d/d.S..S/.ATTRIBUTES/VARIABLE_VALUE*
KE
VARIABLE_VALUEVariable)d/..ATTRIBUTES/.ATTRIBUTES/VARIABLE_VALUE*
OI
VARIABLE_VALUEVariable-d/..OPTIMIZER_SLOT/.ATTRIBUTES/VARIABLE_VALUE*
IC
VARIABLE_VALUEVariable'd/naïve ☃/.ATTRIBUTES/VARIABLE_VALUE*
B<
VARIABLE_VALUEVariable d/c.S/.ATTRIBUTES/VARIABLE_VALUE*