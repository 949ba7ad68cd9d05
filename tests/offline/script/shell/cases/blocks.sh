cat <<E
a $1 "b" 'c' \$x \\ \` $(echo sub) `echo bq` $((1+1))
