#!/usr/bin/env bash
# Remakes the recorded captures of this folder.
#
#   record.sh all             every story
#   record.sh NAME [NAME ...] these stories
#   record.sh list            the names
#
# Wants root, Linux, and: ip, ethtool, tcpdump, dumpcap, iptables, curl, nginx,
# vsftpd, sshd and ssh, ping, python3 (3.10 or later; set PYTHON to choose one).
# The stories of programs/above.sh want more; it says what.
#
# Nothing leaves the machine. A story gets two network namespaces of its own, a
# client (10.9.0.1, fd00:9::1) and a server (10.9.0.2, fd00:9::2), joined by
# programs/wire.py: a wire that takes 10 ms each way and can lose, repeat or
# hold back the segments a story names. What the hosts say is told in steps to
# programs/talk.py, where curl and its like do not tell it by themselves.

set -u

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=${OUT:-$here}
python=${PYTHON:-$([ -x /usr/bin/python3 ] && echo /usr/bin/python3 || echo python3)}
wire=$here/programs/wire.py
talk=$here/programs/talk.py
plain_pcapng=$here/programs/plain-pcapng.py

client=10.9.0.1 server=10.9.0.2
client6=fd00:9::1 server6=fd00:9::2
client_mac=02:00:0a:09:00:01 server_mac=02:00:0a:09:00:02

tag=sf$$                # in the names of the namespaces: no clash with others
work=                   # scratch folder of the running story
captures=()             # process ids of the running captures

# --- the two hosts and the wire ---------------------------------------------

on() { # on client|server|wire COMMAND ...
    ip netns exec "$tag-$1" "${@:2}"
}

background() { # the same, until the story ends
    ip netns exec "$tag-$1" "${@:2}" &
    disown
}

say() { # what one end does; see programs/talk.py for the steps
    local command=(ip netns exec "$tag-$1" timeout 60 "$python" "$talk" timeout 30 "${@:2}")
    [ $BASHPID = $$ ] || exec "${command[@]}" # in the background
    "${command[@]}"
}

hosts() { # hosts [--arp] [--v6] [wire.py's options and rules]
    local arp='' v6='' host options=() delay=10 trunk=()
    while [ $# -gt 0 ]; do
        case $1 in
            --arp) arp=yes ;;
            --v6) v6=yes ;;
            --delay) delay=$2; shift ;;
            --trunk) trunk=(--trunk trunk0 trunk1 "$2"); shift ;;
            *) options+=(--rule "$1") ;;
        esac
        shift
    done

    for host in client server wire; do
        ip netns add "$tag-$host"
        on $host sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
        on $host sysctl -qw net.ipv4.tcp_rmem='4096 131072 6291456' # window scale 7, as usual
        on $host ip link set lo up
    done
    if [ ${#trunk[@]} -gt 0 ]; then
        ip -n "$tag-wire" link add name trunk0 type veth peer name trunk1
        for host in trunk0 trunk1; do
            on wire ethtool -K $host tso off gso off gro off tx off rx off >/dev/null 2>&1
            ip -n "$tag-wire" link set $host mtu 1508 up
        done
    fi

    background wire "$python" "$wire" cli0 srv0 --delay "$delay" "${trunk[@]}" "${options[@]}" >"$work/wire"
    wait_for "grep -q ready $work/wire"
    ip -n "$tag-wire" link set cli0 netns "$tag-client"
    ip -n "$tag-wire" link set srv0 netns "$tag-server"
    host_up client cli0 "$client" "$client6" "$client_mac" "$v6"
    host_up server srv0 "$server" "$server6" "$server_mac" "$v6"
    if [ -z "$arp" ]; then # the hosts know each other's link address already
        ip -n "$tag-client" neigh add $server lladdr $server_mac dev cli0 nud permanent
        ip -n "$tag-server" neigh add $client lladdr $client_mac dev srv0 nud permanent
    fi
}

host_up() { # NAMESPACE INTERFACE ADDRESS ADDRESS6 MAC v6?
    on "$1" ethtool -K "$2" tso off gso off gro off tx off rx off >/dev/null 2>&1
    ip -n "$tag-$1" link set "$2" address "$5"
    if [ -n "$6" ]; then # no router solicitation, no link-local address, no DAD
        on "$1" sysctl -qw "net.ipv6.conf.all.disable_ipv6=0" "net.ipv6.conf.$2.disable_ipv6=0" \
            "net.ipv6.conf.$2.router_solicitations=0" "net.ipv6.conf.$2.accept_dad=0" \
            "net.ipv6.conf.$2.addr_gen_mode=1"
    fi
    ip -n "$tag-$1" link set "$2" up
    ip -n "$tag-$1" addr add "$3/24" dev "$2"
    [ -z "$6" ] || ip -n "$tag-$1" -6 addr add "$4/64" dev "$2" nodad
}

wait_for() { # a condition, for five seconds at most
    local i
    for ((i = 0; i < 100; i++)); do
        eval "$1" && return 0
        sleep 0.05
    done
    echo "record.sh: waited in vain: $1" >&2
    return 1
}

listening() { # listening PORT [HOST]: wait until somebody listens there
    wait_for "on ${2:-server} ss -Hltn sport = :$1 | grep -q ."
}

# --- capturing ----------------------------------------------------------------

capture() { # capture FILE client|server|wire INTERFACE [tcpdump's options]
    local log=$work/$1.log
    true >"$log"
    ip netns exec "$tag-$2" tcpdump -Z root --immediate-mode -n -U -s 0 -i "$3" -w "$work/$1" "${@:4}" 2>"$log" &
    captures+=($!)
    wait_for "grep -q 'listening on' $log"
}

capture_ng() { # the same by dumpcap, which writes pcapng
    local log=$work/$1.log
    true >"$log"
    ip netns exec "$tag-$2" dumpcap -q -i "$3" -w "$work/$1" "${@:4}" 2>"$log" &
    captures+=($!)
    wait_for "grep -q '^File:' $log"
    sleep 0.5
}

finish() { # wait a little, end the captures, keep the files
    local file
    sleep "${1:-0.4}"
    kill -TERM "${captures[@]}"
    wait "${captures[@]}" 2>/dev/null
    captures=()
    for file in "$work"/*.pcap "$work"/*.pcapng; do
        [ -e "$file" ] || continue
        case $file in *.pcapng) "$python" "$plain_pcapng" "$file" ;; esac
        chmod 644 "$file"
        mv "$file" "$out/"
    done
}

tidy() { # end what the story started, remove its namespaces
    local host pid
    exec 2>/dev/null
    for host in client server wire; do
        for pid in $(ip netns pids "$tag-$host" 2>/dev/null); do
            kill -KILL "$pid" 2>/dev/null
        done
        ip netns del "$tag-$host" 2>/dev/null
    done
    rm -rf "/etc/netns/$tag-client" # where the client's name server is told
    [ -z "$work" ] || rm -rf "$work"
    work=
}

# --- servers ------------------------------------------------------------------

web() { # nginx on the server, port 80; further lines go into its server block
    mkdir -p "$work/web/tmp" "$work/web/www"
    head -c "${size:-600}" < <(yes 'A page of the story.') >"$work/web/www/index.html"
    cat >"$work/web/nginx.conf" <<-EOF
		user root;
		worker_processes 1;
		pid $work/web/pid;
		error_log $work/web/error.log;
		events { worker_connections 256; }
		http {
		    access_log off;
		    server_tokens off;
		    client_body_temp_path $work/web/tmp/a;
		    proxy_temp_path $work/web/tmp/b;
		    fastcgi_temp_path $work/web/tmp/c;
		    uwsgi_temp_path $work/web/tmp/d;
		    scgi_temp_path $work/web/tmp/e;
		    default_type text/plain;
		    server {
		        listen 80;
		        listen [::]:80;
		        root $work/web/www;
		        ${1:-}
		    }
		    server {
		        listen 127.0.0.1:8080;
		        root $work/web/www;
		    }
		}
	EOF
    background server nginx -e "$work/web/error.log" -c "$work/web/nginx.conf" -g 'daemon off;' 2>/dev/null
    listening 80
}

quick_acks() { # this host acknowledges at once instead of within 40 ms
    ip -n "$tag-$1" route change 10.9.0.0/24 dev "$2" proto kernel scope link src "$3" quickack 1
}

get() { # fetch a page as the client
    on client curl -s -o /dev/null --max-time 20 "$@"
}

# --- the stories: a life without mishap -----------------------------------------

story_http_get() {
    hosts
    quick_acks server srv0 $server
    web
    capture http-get.pcap client cli0
    get http://$server/
    finish
}

story_http_close_by_server() {
    hosts
    web 'keepalive_timeout 0;'
    capture http-close-by-server.pcap client cli0
    get http://$server/
    finish
}

story_close_three_segments() { # the server's FIN rides on its ACK of the client's
    hosts
    say server tcp bind $server 7000 listen 5 accept recv 20 send 40 recv-end close &
    listening 7000
    capture_ng close-three-segments.pcapng client cli0
    say client tcp connect $server 7000 send 20 recv 40 close
    finish
}

story_half_close_with_data() {
    hosts
    say server tcp bind $server 7000 listen 5 accept recv-end pause 0.1 drip 400 4 0.1 close &
    listening 7000
    capture half-close-with-data.pcap client cli0
    say client tcp connect $server 7000 send 30 shutdown recv-end close
    finish
}

ftp_server() {
    mkdir -p "$work/ftp/empty"
    chmod 755 "$work" "$work/ftp"
    head -c 2000 < <(yes 'A file of the story.') >"$work/ftp/story.txt"
    chmod 644 "$work/ftp/story.txt"
    cat >"$work/vsftpd.conf" <<-EOF
		listen=YES
		background=NO
		anonymous_enable=YES
		local_enable=NO
		anon_root=$work/ftp
		ftp_username=daemon
		nopriv_user=nobody
		secure_chroot_dir=$work/ftp/empty
		ftpd_banner=Ready.
		xferlog_enable=NO
		seccomp_sandbox=NO
		isolate=NO
		isolate_network=NO
		pasv_min_port=30000
		pasv_max_port=30010
	EOF
    background server vsftpd "$work/vsftpd.conf"
    listening 21
}

story_ftp_session() {
    hosts
    ftp_server
    capture ftp-session.pcap client cli0
    get --user anonymous:guest ftp://$server/story.txt
    finish
}

story_ftp_active() { # the server opens the data connection
    hosts
    ftp_server
    capture ftp-active.pcap client cli0
    get --user anonymous:guest --ftp-port - ftp://$server/story.txt
    finish
}

story_ssh_session() {
    hosts
    mkdir -p "$work/ssh" /run/sshd
    ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/ssh/host"
    ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/ssh/user"
    background server "$(command -v sshd)" -D -q -f /dev/null -o ListenAddress=$server -o HostKey="$work/ssh/host" \
        -o AuthorizedKeysFile="$work/ssh/user.pub" -o StrictModes=no -o UsePAM=no -o PidFile=none \
        -o PrintMotd=no -o PrintLastLog=no -o PermitRootLogin=prohibit-password -o DebianBanner=no
    listening 22
    capture ssh-session.pcap client cli0
    on client ssh -q -F /dev/null -i "$work/ssh/user" -o IdentitiesOnly=yes -o BatchMode=yes \
        -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null root@$server echo hello >/dev/null ||
        echo "record.sh: ssh failed" >&2
    finish
}

story_slow_server() {
    hosts
    say server tcp bind $server 7000 listen 5 accept recv 60 pause 0.3 send 200 recv-end close &
    listening 7000
    capture slow-server.pcap client cli0 --time-stamp-precision=nano
    say client tcp connect $server 7000 send 60 recv 200 pause 0.1 close
    finish
}

story_keepalive() { # first probe after a second of silence, then one each second
    hosts
    say server tcp bind $server 7000 listen 5 accept recv 20 recv-end close &
    listening 7000
    capture keepalive.pcap client cli0 --time-stamp-precision=nano
    say client tcp keepalive 1 1 3 connect $server 7000 send 20 pause 3.6 close
    finish
}

story_fast_open() { # the first connection gets the cookie, the second uses it
    hosts
    on client sysctl -qw net.ipv4.tcp_fastopen=3
    on server sysctl -qw net.ipv4.tcp_fastopen=3
    say server tcp bind $server 7000 fastopen-listen listen 5 \
        accept recv 50 send 80 recv-end close again accept recv 50 send 80 recv-end close &
    listening 7000
    capture fast-open.pcap client cli0
    say client tcp fastopen $server 7000 50 recv 80 close pause 0.2 \
        tcp fastopen $server 7000 50 recv 80 close
    finish
}

story_simultaneous_open() { # both connect at the same moment, the SYNs cross
    hosts --delay 30
    local moment
    capture simultaneous-open.pcap client cli0 --time-stamp-precision=nano
    moment=$(($(date +%s) + 2))
    say server tcp bind $server 7000 until $moment connect $client 7000 recv 20 send 20 recv-end close &
    say client tcp bind $client 7000 until $moment connect $server 7000 send 20 recv 20 pause 0.1 close
    finish
}

story_simultaneous_close() { # both close at the same moment, the FINs cross
    hosts --delay 30
    local moment
    moment=$(($(date +%s) + 3))
    say server tcp bind $server 7000 listen 5 accept recv 20 send 20 until $moment close &
    listening 7000
    capture simultaneous-close.pcap client cli0
    say client tcp until $((moment - 1)) connect $server 7000 send 20 recv 20 until $moment close
    finish
}

story_many_connections() {
    hosts
    local size=200 urls=() i
    for ((i = 1; i <= 36; i++)); do urls+=(-o /dev/null "http://$server/?$i"); done
    web
    capture many-connections.pcap client cli0
    on client curl -s --parallel --parallel-immediate --parallel-max 36 --max-time 20 "${urls[@]}" 2>/dev/null
    finish
}

story_reuse() { # the server closes first, so the client may use its port again at once
    hosts
    say server tcp bind $server 7000 listen 5 accept recv 20 send 20 close again accept recv 20 send 20 close &
    listening 7000
    capture reuse.pcap client cli0
    say client tcp bind $client 40000 connect $server 7000 send 20 recv 20 recv-end close pause 0.2 \
        tcp bind $client 40000 connect $server 7000 send 20 recv 20 recv-end close
    finish
}

story_ecn() { # Explicit Congestion Notification asked for and agreed
    hosts
    on client sysctl -qw net.ipv4.tcp_ecn=1
    on server sysctl -qw net.ipv4.tcp_ecn=1
    say server tcp bind $server 7000 listen 5 accept recv 20 send 40 recv-end close &
    listening 7000
    capture ecn.pcap client cli0
    say client tcp connect $server 7000 send 20 recv 40 close
    finish
}

story_plain_options() { # no timestamps, no SACK, no window scale: MSS alone
    hosts
    on client sysctl -qw net.ipv4.tcp_timestamps=0 net.ipv4.tcp_sack=0 net.ipv4.tcp_window_scaling=0
    say server tcp bind $server 7000 listen 5 accept recv 20 send 40 recv-end close &
    listening 7000
    capture plain-options.pcap client cli0
    say client tcp connect $server 7000 send 20 recv 40 close
    finish
}

# --- the stories: no connection --------------------------------------------------

story_refused() {
    hosts
    capture refused.pcap client cli0
    get http://$server:81/
    finish
}

story_no_answer() { # four tries, each wait twice the one before
    hosts
    on client sysctl -qw net.ipv4.tcp_syn_retries=3 net.ipv4.tcp_syn_linear_timeouts=0
    on server iptables -A INPUT -p tcp --dport 80 -j DROP
    capture no-answer.pcap client cli0
    say client tcp try connect $server 80
    finish
}

story_icmp_tcp_unreachable() { # a firewall answers the SYN with ICMP
    hosts
    on server iptables -A INPUT -p tcp --dport 80 -j REJECT --reject-with icmp-host-unreachable
    capture icmp-tcp-unreachable.pcap client cli0
    get http://$server/
    finish
}

story_accept_queue_full() { # room for four, and nobody accepts
    hosts
    on client sysctl -qw net.ipv4.tcp_syn_linear_timeouts=0
    say server tcp bind $server 7000 listen 3 pause 9 &
    listening 7000
    capture accept-queue-full.pcap client cli0
    say client connect-many 3 $server 7000 pause 0.2 connect-many 3 $server 7000 pause 0.5 \
        connect-many 1 $server 7000 pause 6.5 &
    sleep 4
    finish
}

story_accept_queue_reset() { # the same, but the host answers the surplus with RST
    hosts
    on server sysctl -qw net.ipv4.tcp_abort_on_overflow=1
    say server tcp bind $server 7000 listen 3 pause 3 &
    listening 7000
    capture accept-queue-reset.pcap client cli0
    say client connect-many 3 $server 7000 pause 0.2 connect-many 3 $server 7000 pause 3 &
    sleep 0.6
    finish
}

# --- the stories: an end by force --------------------------------------------------

story_reset_mid_stream() {
    hosts
    say server tcp bind $server 7000 listen 5 accept try drip 400 20 0.03 &
    listening 7000
    capture reset-mid-stream.pcap client cli0
    say client tcp connect $server 7000 send 20 recv 1600 reset
    finish
}

story_reset_by_server() { # the request has arrived, the program falls over
    hosts
    say server tcp bind $server 7000 listen 5 accept recv 20 pause 0.1 reset &
    listening 7000
    capture reset-by-server.pcap client cli0
    say client tcp connect $server 7000 send 20 try recv 1
    finish
}

story_abort_unread_data() { # close() with unread data: RST in place of FIN
    hosts
    say server tcp bind $server 7000 listen 5 accept send 300 pause 1 &
    listening 7000
    capture abort-unread-data.pcap client cli0
    say client tcp connect $server 7000 pause 0.2 close
    finish
}

story_fin_then_rst() { # the client is gone when the server goes on
    hosts
    say server tcp bind $server 7000 listen 5 accept recv 20 pause 0.3 send 100 pause 0.2 try send 100 &
    listening 7000
    capture fin-then-rst.pcap client cli0
    say client tcp connect $server 7000 send 20 close
    finish 1
}

story_half_open() { # the server has lost its state; the client finds out
    hosts
    say server tcp bind $server 7000 listen 5 accept recv 20 send 20 pause 0.2 forget pause 2 &
    listening 7000
    capture half-open.pcap client cli0
    say client tcp connect $server 7000 send 20 recv 20 pause 0.6 send 30 pause 0.2 try recv 1
    finish
}

story_half_open_client_restarts() { # RFC 9293, figure 9: the client lost its state and connects anew
    hosts
    say server tcp bind $server 7000 listen 5 accept recv 20 send 20 accept recv 20 send 20 recv-end close &
    listening 7000
    capture half-open-client-restarts.pcap client cli0
    say client tcp bind $client 40000 connect $server 7000 send 20 recv 20 pause 0.2 forget pause 0.3 \
        tcp bind $client 40000 connect $server 7000 send 20 recv 20 close
    finish
}

story_keepalive_no_answer() { # the other side falls silent: probes, then RST
    hosts 'lose server tcp 4-'
    say server tcp bind $server 7000 listen 5 accept recv 20 pause 8 &
    listening 7000
    capture keepalive-no-answer.pcap client cli0
    say client tcp keepalive 1 1 3 connect $server 7000 send 20 try recv 1 pause 0.1
    finish
}

# --- the stories: what a wire does ---------------------------------------------------

story_syn_lost() {
    hosts 'lose client syn 1'
    say server tcp bind $server 7000 listen 5 accept recv 20 send 40 recv-end close &
    listening 7000
    capture syn-lost.pcap client cli0
    say client tcp connect $server 7000 send 20 recv 40 close
    finish
}

story_synack_lost() { # seen from both ends
    hosts 'lose server synack 1'
    say server tcp bind $server 7000 listen 5 accept recv 20 send 40 recv-end close &
    listening 7000
    capture synack-lost.pcap client cli0
    capture synack-lost-at-server.pcap server srv0
    say client tcp connect $server 7000 send 20 recv 40 close
    finish
}

story_step3_lost() { # the ACK of the handshake; the server is to speak first
    hosts 'lose client ack 1'
    say server tcp bind $server 7000 listen 5 accept send 40 recv 20 recv-end close &
    listening 7000
    capture step3-lost.pcap client cli0
    capture step3-lost-at-server.pcap server srv0
    say client tcp connect $server 7000 recv 40 send 20 close
    finish
}

story_last_ack_lost() {
    hosts 'lose client last-ack 1'
    say server tcp bind $server 7000 listen 5 accept recv 20 send 40 recv-end pause 0.1 close &
    listening 7000
    capture last-ack-lost.pcap client cli0
    capture last-ack-lost-at-server.pcap server srv0
    say client tcp connect $server 7000 send 20 recv 40 close
    finish 1.5
}

story_loss_and_retransmit() { # one segment alone, two near each other, and the last
    hosts 'lose server data 6,16,18,30'
    say server tcp bind $server 7000 listen 5 accept recv 20 send 15000 close &
    listening 7000
    capture loss-and-retransmit.pcap client cli0
    capture loss-and-retransmit-at-server.pcap server srv0
    say client tcp mss 536 connect $server 7000 send 20 recv-end close
    finish
}

story_reordered() {
    hosts 'late server data 4 6'
    say server tcp bind $server 7000 listen 5 accept recv 20 nodelay drip 300 8 0.005 close &
    listening 7000
    capture reordered.pcap client cli0
    say client tcp connect $server 7000 send 20 recv-end close
    finish
}

story_duplicated() {
    hosts 'twice server data 3' 'twice client syn 1'
    say server tcp bind $server 7000 listen 5 accept recv 20 nodelay drip 300 5 0.005 close &
    listening 7000
    capture duplicated.pcap client cli0
    capture duplicated-at-server.pcap server srv0
    say client tcp connect $server 7000 send 20 recv-end close
    finish
}

story_peer_vanishes() { # from some moment on nothing arrives, either way: the data is repeated in vain
    hosts 'lose server tcp 4-' 'lose client data 2-'
    on client sysctl -qw net.ipv4.tcp_retries2=4
    say server tcp bind $server 7000 listen 5 accept recv 20 send 20 pause 9 &
    listening 7000
    capture peer-vanishes.pcap client cli0
    say client tcp connect $server 7000 send 20 recv 20 pause 0.2 send 30 try recv 1 close
    finish
}

story_big_segments_lost() { # small segments pass, large ones never arrive: a path MTU nobody reports
    hosts 'lose server big all'
    say server tcp bind $server 7000 listen 5 accept recv 20 send 200 pause 0.1 send 4000 pause 6 &
    listening 7000
    capture big-segments-lost.pcap client cli0
    capture big-segments-lost-at-server.pcap server srv0
    say client timeout 4 tcp connect $server 7000 send 20 recv 200 try recv-end
    finish
}

story_zero_window() { # the server does not read for two seconds
    hosts
    say server tcp rcvbuf 4096 bind $server 7000 listen 5 accept pause 2 recv-end close &
    listening 7000
    capture zero-window.pcap client cli0
    say client tcp connect $server 7000 send 12000 close
    finish 3.5
}

# --- the stories: other networks, other protocols ------------------------------------

story_ipv6() { # with neighbour discovery
    hosts --v6 --arp
    web
    capture_ng ipv6.pcapng client cli0 -f 'ip6[6] != 0' # multicast listener reports left out
    get "http://[$server6]/"
    finish
}

story_vlan() {
    hosts --trunk 10
    web
    capture vlan.pcap wire trunk0
    get http://$server/
    finish
}

story_qinq() {
    hosts --trunk 20,10
    web
    capture qinq.pcap wire trunk0
    get http://$server/
    finish
}

story_arp_then_tcp() {
    hosts --arp
    web
    capture arp-then-tcp.pcap client cli0
    get http://$server/
    finish
}

story_udp_dns_like() { # www.example.org: what address? 10.9.0.2
    hosts
    local query=03777777076578616d706c65036f726700
    say server udp bind $server 53 recvfrom \
        reply-hex 5f1e81800001000100000000${query}00010001c00c000100010000003c00040a090002 &
    wait_for "on server ss -Hlun sport = :53 | grep -q ."
    capture_ng udp-dns-like.pcapng client cli0
    say client udp sendto-hex $server 53 5f1e01000001000000000000${query}00010001 recvfrom
    finish
}

story_udp_unanswered() {
    hosts
    say server udp bind $server 4000 pause 3 &
    capture udp-unanswered.pcap client cli0
    say client udp sendto $server 4000 40 pause 0.5 sendto $server 4000 40 pause 0.5 sendto $server 4000 40
    finish
}

story_icmp_port_unreachable() {
    hosts
    capture icmp-port-unreachable.pcap client cli0
    say client udp connect $server 4000 send 40 try recvfrom
    finish
}

story_ping() {
    hosts
    capture ping.pcap client cli0
    on client ping -n -q -c 3 -i 0.3 $server >/dev/null
    finish
}

story_ping_ipv6() {
    hosts --v6 --arp
    capture ping-ipv6.pcap client cli0 'ip6[6] != 0'
    on client ping -n -q -c 3 -i 0.3 $server6 >/dev/null
    finish
}

story_fragments() {
    hosts
    say server udp bind $server 4000 recvfrom reply 2000 &
    wait_for "on server ss -Hlun sport = :4000 | grep -q ."
    capture fragments.pcap client cli0
    say client udp sendto $server 4000 4000 recvfrom
    finish
}

story_fragments_ipv6() {
    hosts --v6
    ip -n "$tag-client" neigh add $server6 lladdr $server_mac dev cli0 nud permanent
    ip -n "$tag-server" neigh add $client6 lladdr $client_mac dev srv0 nud permanent
    say server udp6 bind $server6 4000 recvfrom reply 2000 &
    wait_for "on server ss -Hlun sport = :4000 | grep -q ."
    capture fragments-ipv6.pcap client cli0 'ip6[6] != 0'
    say client udp6 sendto $server6 4000 4000 recvfrom
    finish
}

# --- the stories: ways to capture ----------------------------------------------------

story_lo() { # checksums left to hardware that is not there, segments larger than a frame
    hosts
    local size=24000
    web
    capture lo.pcap server lo
    on server curl -s -o /dev/null http://127.0.0.1/
    finish
}

story_any() { # nginx asks a second server over lo: two interfaces in one file
    hosts
    web 'location / { proxy_pass http://127.0.0.1:8080; }'
    capture any.pcap server any
    capture any-sll1.pcap server any -y LINUX_SLL
    get http://$server/
    finish
}

story_two_interfaces() { # the same as two interfaces of a pcapng file
    hosts
    web 'location / { proxy_pass http://127.0.0.1:8080; }'
    capture_ng two-interfaces.pcapng server srv0 -i lo
    get http://$server/
    finish
}

story_snaplen_cut() { # 68 octets of each frame
    hosts
    web
    capture snaplen-cut.pcap client cli0 -s 68
    get http://$server/
    finish
}

story_mid_stream() { # the capture begins when the transfer is under way
    hosts
    say server tcp bind $server 7000 listen 5 accept recv 20 nodelay drip 300 30 0.05 close &
    listening 7000
    say client tcp connect $server 7000 send 20 recv-end close &
    sleep 1
    capture mid-stream.pcap client cli0
    sleep 1
    finish
}

story_cut_short() { # the capture ends while the transfer is under way
    hosts
    say server tcp bind $server 7000 listen 5 accept recv 20 nodelay drip 300 30 0.05 close &
    listening 7000
    capture cut-short.pcap client cli0
    say client tcp connect $server 7000 send 20 recv-end close &
    sleep 0.5
    finish
}

story_acme() { # a protocol of one's own: examples/acme, built by `cargo build --example acme`
    hosts
    local program=$here/../target/debug/examples/acme
    background server "$program" serve $server:9000
    listening 9000
    capture acme.pcap client cli0
    on client "$program" ask $server:9000
    finish
}

# --- the stories of what runs above TCP and UDP -----------------------------------

# shellcheck source=programs/above.sh
. "$here/programs/above.sh"

# --- the rest ------------------------------------------------------------------

stories() {
    declare -F | sed -n 's/^declare -f story_//p' | tr _ -
}

tell() {
    local function=story_${1//-/_}
    declare -F "$function" >/dev/null || { echo "record.sh: no such story: $1" >&2; exit 2; }
    work=$(mktemp -d)
    trap tidy EXIT
    trap 'exit 1' INT TERM HUP
    echo "$1"
    "$function"
}

case ${1:-} in
    '') sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit 2 ;;
    list) stories ;;
    tell) tell "$2" ;; # one story, in a process of its own
    all) for name in $(stories); do timeout 90 "$0" tell "$name"; done ;;
    *) for name in "$@"; do timeout 90 "$0" tell "$name"; done ;;
esac
