# Adds the tasks of a job that a schedule has made, as a task of this job, by the identity of its node.
#
# Arguments: the folder with the task collections, their number, the text that stands for the job's id in them, and the
# ARM id of the identity. A collection is a file NUMBER-TASKS.json, the body of one call.
#
# Nothing is added twice: a task that is there already counts as added, after a lost answer and when this program begins
# again on another node. What cannot be added ends the job, with the reason.

folder=$1 collections=$2 placeholder=$3 identity=$4
job=${AZ_BATCH_ACCOUNT_URL%/}/jobs/$AZ_BATCH_JOB_ID
tokens=${AZURE_POD_IDENTITY_AUTHORITY_HOST:-http://169.254.169.254}/metadata/identity/oauth2/token
attempts=10
umask 077

# Write the header of requests to a file: on a command line, other tasks of the node would see the token.
sign_in() {
    curl -sS --noproxy '*' --max-time 30 -G -H Metadata:true "$tokens" -d api-version=2018-02-01 \
        --data-urlencode resource=https://batch.core.windows.net/ --data-urlencode "msi_res_id=$identity" |
        sed -n 's/.*"access_token" *: *"\([^"]\{1,\}\)".*/header = "Authorization: Bearer \1"/p' >header
    [ -s header ]
}

# Post a file to an address below the job: the status is 000 where there was no whole answer.
post() {
    : >answer
    status=$(curl -sS --max-time 120 -K header -H 'Content-Type: application/json; odata=minimalmetadata' -o answer \
        -w '%{http_code}' --data-binary "@$2" "$job/$1?api-version=2025-06-01") || status=000
}

# Count the lines of the answer, one for each property, that match a pattern.
properties() { tr '{,}' '\n\n\n' <answer | grep -ci "^ *$1"; }

# Print the first error code that is not about a task that is there already.
error_code() { tr '{,}' '\n\n\n' <answer | sed -n 's/^ *"code" *: *"\([A-Za-z]*\)".*/\1/p' | grep -vx TaskExists | head -n 1; }

give_up() {
    echo "$1" >&2
    cat answer >&2 2>/dev/null
    printf '{"terminateReason":"TasksNotAdded: %s"}' "$1" >reason
    if [ -s header ] || sign_in; then post terminate reason; fi
    exit 1
}

# Add the tasks of the collection in `body`; fail where another attempt may help.
add() {
    problem='no token for the identity of the pool'
    [ -s header ] || sign_in || return 1
    post addtaskcollection body
    code=$(error_code)
    problem="HTTP $status${code:+ $code}"
    case $status in
        200)
            there=$(($(properties '"status" *: *"success"') + $(properties '"code" *: *"TaskExists"')))
            [ "$there" -ne "$tasks" ] || return 0
            [ "$(properties '"status" *: *"servererror"')" -eq 0 ] && give_up "$problem"
            return 1
            ;;
        # 403 as well: a role that was assigned a moment ago has no effect yet.
        000 | 401 | 403 | 408 | 429 | 5??) rm -f header; return 1 ;;
        *) give_up "$problem" ;;
    esac
}

command -v curl >/dev/null || give_up 'the image of the nodes has no curl'
set -- "$folder"/*-*.json
[ -e "$1" ] && [ $# -eq "$collections" ] || give_up 'the stored tasks are not all there'
for collection; do
    tasks=${collection##*-} tasks=${tasks%.json}
    sed "s/$placeholder/$AZ_BATCH_JOB_ID/g" "$collection" >body || give_up 'a collection cannot be read'
    attempt=1 pause=1
    until add; do
        [ "$attempt" -lt "$attempts" ] || give_up "$problem after $attempts attempts"
        echo "$problem; trying again in $pause s" >&2
        sleep "$pause"
        attempt=$((attempt + 1)) pause=$((pause * 2))
        [ "$pause" -le 30 ] || pause=30
    done
done
