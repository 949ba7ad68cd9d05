cat <<E
a $1 "b" 'c' \$x \\ \` $(echo sub) `echo bq` $((1+1))
E
%%
cat <<'E'
a $1 "b" 'c' \$x \\ $(echo sub)
E
%%
cat <<"E"
$1
E
cat <<\E
$1
E
%%
cat <<-E
	tab
		two $1
	E
echo after
%%
cat <<-'E'
	tab $1
  	space
	E
%%
cat <<A; cat <<B
a
A
b
B
%%
cat <<A <<B
a
A
b
B
%%
cat <<E | cat
x
E
%%
{ cat; echo in; } <<E
x
E
%%
while read x; do echo "<$x>"; done <<E
a
b c
E
%%
f() { cat <<E
in $1
E
}
f a; f b
%%
x=$(cat <<E
in sub
E
)
echo "$x"
%%
x=`cat <<E
in bq
E
`
echo "$x"
%%
if true; then cat <<E
yes
E
fi
%%
cat <<E
${x:-"a b"} ${x:-'a b'} ${x:-a}
E
%%
cat <<E
a\
b
\a \" \'
E
%%
cat <<'E'
a\
b
E
%%
cat <<E
E
echo empty
%%
cat <<E
no end
%%
cat <<EOF
EOFX
 EOF
EOF
%%
cat <<"E F"
a
E F
%%
cat <<E >f
to file
E
cat f < f
%%
cat <<E && echo ok
x
E
%%
case x in x) cat <<E
case
E
;; esac
%%
for i in 1 2; do cat <<E
$i
E
done
%%
cat <<E
$(cat <<F
inner
F
)
E
%%
cat <<E
`echo "a b"` `echo \$HOME`
E
%%
cat 3<<E <&3
fd three
E
%%
exec 3<<E
line one
line two
E
read a <&3; read b <&3; echo "$b $a"
%%
IFS=:
cat <<E
$* "$@" $#
E
%%
echo a \
  b \
c
%%
ec\
ho hi
x="a\
b"; echo "$x"
y='a\
b'; echo "$y"
%%
i\
f true; then echo joined; fi
echo $H\
OME ${HO\
ME}
%%
echo a # comment \
echo b
%%
if true
then
  echo a
elif true
then
  echo b
else
  echo c
fi
%%
for i in a b
do
  echo $i
done
for i
in x y
do echo $i; done
%%
for i
do
  echo $i
done
%%
case a in
  a)
    echo a
    ;;
  # comment
  b) echo b;;
esac
%%
case a in

  (a|b) echo ab
  ;;
  *)
esac
%%
case "$1" in one) echo first ;; # comment after
 two) echo second ;; esac
%%
while
  read x
do
  echo $x
done <<E
1
2
E
%%
f()
{
  echo a
}

f
%%
echo a &&
echo b ||
echo c |
cat
%%
echo a | # comment
cat
%%
true &&

echo x
%%
x='a
b'
args "$x" $x
args "$(echo a
echo b)" $(echo a
echo b)
%%
x=$(
  # a comment with ' a quote
  echo a
)
echo $x
%%
x=$(case a in
a) echo first;;
b) echo second;;
esac)
echo $x
%%
x=$(
case a in
  (a) case b in b) echo inner;; esac ;;
esac
for i in 1 2; do echo $i; done
if true; then echo "(x)" | cat; fi 2>/dev/null
)
echo "$x"
%%
x=$(echo "a ) b"; echo 'c ) d'; echo e\)f) # trailing )
echo "$x"
echo $(echo a # comment )
)
%%
echo "$(echo "nested $(echo "deep 'q' $(echo x)")")"
%%
f() {
  local a=1 b
  b=$1
  if [ "$b" -gt 0 ]; then
    f $((b - 1))
  fi
  echo $a $b
}
f 3
%%
echo $LINENO
echo $LINENO
f() {
  echo $LINENO
  echo $LINENO
}
f
echo $LINENO
%%
nosuch1
nosuch2
f() {

nosuch3
}
f
eval '
nosuch4'
echo "
" ; nosuch5
%%
echo 'echo sourced $LINENO
nosuch_in_file
echo $0 $1' > f
. ./f
nosuch
%%
set -x
echo a
f() { echo $1; }
f b
x=$(echo c)
echo "$x d" >f
if [ a = a ]; then :; fi
%%
set -e
f() {
  false
  echo not here
}
if f; then echo yes; fi
f || echo no
(f; echo in) || echo x
f
echo never
%%
set -e
trap 'echo cleanup $?' EXIT
g() { return 3; }
g || echo caught $?
x=$(g) || echo caught $?
g
%%
exit 0
this is ( not parsed
%%
set -- -a "b c" --long=x -- rest
while [ $# -gt 0 ]; do
  case "$1" in
    --long=*) echo "long ${1#--long=}" ;;
    --) shift; break ;;
    -*) echo "opt $1" ;;
    *) echo "arg $1" ;;
  esac
  shift
done
echo "rest $*"
%%
echo 'k1=v1
k2="v 2"
# comment

k3=' > conf
while IFS== read -r key value; do
  case $key in ''|\#*) continue ;; esac
  value=${value#\"}; value=${value%\"}
  echo "$key -> [$value]"
done < conf
. ./conf
echo "$k1 $k2 [$k3]"
%%
path=/usr/lib/x86_64-linux-gnu/libfoo.so.1.2.3
base=${path##*/}; dir=${path%/*}; name=${base%%.so*}; ver=${base#*.so.}
echo "$base $dir $name $ver ${ver%%.*}"
%%
IFS='
'
for line in $(printf 'a b\nc d\n'); do echo "[$line]"; done
%%
save_IFS=$IFS
IFS=:
v=a/b:x::y
set -- $v
echo $#
IFS=$save_IFS
%%
exec 3>&1
x=$(echo to-three >&3; echo captured)
echo "x=$x"
exec 3>&-
%%
{ echo out; echo err >&2; } 3>&1 1>&2 2>&3 3>&-
%%
x=$( { echo out; echo err >&2; } 2>&1 >/dev/null )
echo "[$x]"
%%
if x=$(echo value; exit 3); then echo ok; else echo "failed $? $x"; fi
%%
f() { echo "$@"; return 4; }
x=$(f a b); echo "$x $?"
echo "$(f c d) $?"
%%
count=0
for a in 1 2 3; do
  for b in 1 2 3; do
    [ $b = $a ] && continue 2
    [ $a = 3 ] && break 2
    count=$((count + 1))
    echo $a$b
  done
done
echo $count
%%
foo=1
bar=foo
eval "val=\$$bar"
echo $val
eval "${bar}_x='a b'"
echo "$foo_x"
%%
cmd='printf'
$cmd '%s\n' a b
"$cmd" x; echo
args='-n'; echo $args y; echo
%%
f() { cat; }
f <<E
to function
E
echo piped | f
f < /dev/null
%%
until [ "${n:=0}" -ge 3 ]; do n=$((n+1)); printf '%s ' "$n"; done; echo
%%
exec 2>&1
echo "${nosuch:?must be set}"
echo no
%%
t() { test "$@" && echo "yes: $*" || echo "no: $*"; }
t -n x; t -z x; t x = x; t x != x; t 1 -lt 2; t -d /; t -f /; t ! -d /; t a -a b; t ! x
%%
while getopts "ab:" opt -a -b value -z rest; do
  case $opt in
    a) echo got a ;;
    b) echo got b $OPTARG ;;
    ?) echo bad $opt ;;
  esac
done
echo $OPTIND
%%
printf '%s\n' "line one" "line two" > f
n=0
while read -r a b; do n=$((n+1)); echo "$n $b $a"; done < f
echo total $n
n=0
cat < f | while read -r a b; do n=$((n+1)); done
echo total $n
%%
x=outer
f() { local x=inner; g; echo "f $x"; }
g() { echo "g $x"; x=changed; }
f; echo "$x"
%%
f() { local x; x=1; local y=$x; echo $y; local x=2 z=$x; echo $x $z; }
f
%%
trap 'echo exit trap' EXIT
f() { trap 'echo replaced' EXIT; }
(f; echo in subshell)
f
echo end
%%
set -u
f() { echo "${1-none}"; }
f; f x
(echo "$undefined"); echo $?
echo "${undefined:-ok}"
%%
a=$(printf 'x\n\ny\n\n'); args "$a" $a
%%
x="a b"
set -- $x "$x" ${x}c "${x}"c
args "$@"
%%
readonly r=1
( r=2 ) 2>/dev/null || echo failed
( unset r ) 2>/dev/null || echo failed
echo $r
%%
cd /; pwd; (cd /dev; pwd); pwd; cd dev && pwd; cd .. && pwd; echo $OLDPWD
%%
dpkg_like() { case "$1" in configure|abort-*) echo "conf $2";; remove) echo rem;; *) echo "unknown \`$1'" >&2; return 1;; esac; }
dpkg_like configure 1.0; dpkg_like abort-upgrade; dpkg_like remove; dpkg_like x || echo $?
%%
x='$(echo no) `echo no` $HOME'
echo $x "$x"
eval "y=\"$x\""; echo "$y"
%%
foo() { bar() { echo bar1; }; bar; unset -f bar; }
foo; bar || echo $?
%%
if :; then
	cat <<-EOF
		indented
			more
	EOF
fi
%%
n=5 m=0
while [ $((n -= 1)) -gt 0 ]; do : $((m += n)); done
echo $n $m
%%
echo $(( 1 +
2 ))
echo "multi
line $1
string"
%%
{ echo a; exit 3; echo b; } | cat; echo $?
(echo a; exit 3; echo b); echo $?
f() { exit 9; }; (f); echo $?
echo x | while read l; do exit 4; done; echo $?
%%
wait_for() { "$@" & wait $!; }; wait_for status 6; echo $?
%%
set -e
false | cat
echo piped
x=`false` || echo backquote
[ -f nosuch ] || true
! [ -f nosuch ]
echo end
%%
set -e
foo() { [ "$1" = yes ] && echo yes; }
foo yes
foo no
echo unreachable
%%
set -e
if [ -f nosuch ]; then echo a
elif false; then echo b
fi
echo ok
for i in 1 2; do [ $i = 3 ] && echo three; done
echo end
%%
eval 'cat <<E
eval heredoc
E'
echo after
eval 'for i in 1 2
do
echo $i
done'
%%
args ${x:-
}
args "${x:-
}"
%%
echo a >f; >>f echo b; <f cat; 2>/dev/null nosuch; echo $?
%%
test() { echo overridden; }; test x; unset -f test; test x && echo builtin
%%
f() { echo $#; for a; do echo "<$a>"; done; }
f "" " " "a
b" '*' "\\"
%%
f() { case $1 in 0) return 0;; *) f $(($1-1)); echo $1;; esac; }
f 5
%%
set -e
while true; do
  if [ "${i:-0}" -gt 2 ]; then break; fi
  i=$((${i:-0} + 1))
  false || echo "turn $i"
done
test $i = 3
false
echo no
%%
alias up='tr a-z A-Z'
echo abc | up
up=1; echo $up
f() { echo x | up; }
f
alias up="sed -e 's/b/[b]/' -e s/c/C/"
printf '%s\n' "abc" | up -e s/a/A/
unalias up
up 2>/dev/null
echo $?
