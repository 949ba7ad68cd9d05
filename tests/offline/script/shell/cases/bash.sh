echo -e 'a\tb'; echo -n x; echo -E 'a\tb'; echo -en 'c\n'; echo -ez
[[ a == a ]]; echo $?; [[ abc == a* ]]; echo $?; [[ abc == "a*" ]]; echo $?; [[ a != b && -n x ]]; echo $?
[[ -z '' || 1 -gt 2 ]] && echo y; [[ ! -f /nosuch ]] && echo n; [[ ( a = b || a = a ) && b < c ]] && echo p
x=hello; echo ${x/l/L} ${x//l/L} ${x/#h/J} ${x/%o/0} ${x//l} ${x:1} ${x:1:3} ${x: -2} ${x^} ${x^^} ${x,,}
a=(x 'y z' w); echo ${a[0]} ${a[1]} ${#a[@]} "${a[@]}"; a+=(v); args "${a[@]}"; a[5]=q; echo ${#a[@]} ${a[-1]}
x=a; x+=b; echo $x; ((y=3+4)); echo $y; ((0)); echo $?; echo $((2**10)) $((y++)) $((++y)) $((y,1))
cat <<< 'here string'; cat <<< "$1 x"; read a b <<< 'p q'; echo $b
function f { echo fn $1; }; f a; function g() { local v=1; echo $v; }; g; echo [$v]
echo a &> f; cat < f; { echo o; echo e >&2; } &>> f; cat < f; { echo x; echo y >&2; } |& cat
echo $'a\tb\x41\'c' ${x:-$'n\n'}
set -e; f() { false; echo in; }; x=$(false; echo a); echo $x; f || echo or; f; echo no
set -o pipefail; false | true; echo $?; true | true; echo $?
x=b; echo ${!x}; b=5; echo ${!x}; declare -x E=1; args $E; declare y=3; echo $y
echo "${a[@]}" ${#a[@]}; a=(); args "${a[@]}"; a=(1 2 3); for i in "${a[@]}"; do echo $i; done; echo ${a[*]}
nosuch; echo $?; ./nosuch; echo $?; local x; echo $?; echo ${nosuch?msg}; echo no
printf '%s\n' a b; printf '%d %x\n' 10 255; printf 'a\x41b\n'; printf '%5.2f|\n' 3.14159
case abc in a*) echo 1;; esac; if [ a == a ]; then echo eq; fi; test 1 -eq 1 && echo t
f() { return 3; }; f; echo $?; trap 'echo bye' EXIT; exit 2
set -u; echo ${x:-d}; echo $x; echo no
read -r -d : x <<< 'a:b'; echo $x; source /dev/null; echo $?
export A=1; unset A; echo [$A]; readonly R=1; (R=2) 2>/dev/null; echo $?
x='a b'; [[ $x == 'a b' ]] && echo q; [[ -n $x ]] && echo n; [[ 1 -eq 1 ]] && echo e
for i in 1 2; do :; done; while ((i < 5)); do ((i++)); done; echo $i; let i=i+2; echo $i
echo ${x:=5} $((x+1)); echo ${#x}; echo "${x%5}" ${x##*}
cd /; pwd; cd - >/dev/null; echo $?; echo $0 $# $2
a=1 b=2; echo $a$b; (exit 3); echo $?; false || echo or; ! true; echo $?
set -e; (false; echo in) || echo or; { false; } || echo or2; x=$(exit 3) || echo $?; echo end
args {a b} x{y "$@" ${1:0:2} ${@:2} ${@:1:1}
local_test() { local a=1 b; b=2; echo $a$b; unset a; echo [$a]; }; local_test; echo [$a]
IFS=:; x=a:b; args $x "$x" "$*"; set -- p q; args "$*" $*; IFS=; args "$*"
x=$(printf 'a\n\n'); args "$x"; args `echo a b` "`echo \"q\"`"; echo $((1+1)) $((0x10))
trap 'echo e $?' EXIT; set -e; false; echo no
echo ok >/dev/null 2>&1; echo $?; exec 3>&1; echo three >&3; exec 3>&-
