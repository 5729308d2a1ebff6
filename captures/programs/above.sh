# Stories of what runs above TCP and UDP, told by record.sh, which reads this file.
#
# They want, beside what record.sh wants: dnsmasq, dig, udhcpc, chronyd, openssl,
# redis-server and redis-cli, PostgreSQL 15 and psql, mariadbd and mariadb,
# mosquitto with mosquitto_pub and _sub, a python3 with aiosmtpd (/usr/bin/python3)
# and one with aioquic (QUIC=/path/to/its/python3).
#
# shellcheck shell=bash disable=SC2154 # work, tag, server, ...: record.sh has them

quic=${QUIC:-python3}

# --- servers ------------------------------------------------------------------

names() { # a name server on the server, and the client told of it; dnsmasq's options follow
    local at=$server
    case $1 in 10.*) # at an address of its own
        at=$1
        ip -n "$tag-server" addr add "$1/24" dev srv0
        shift
        ;;
    esac
    mkdir -p "/etc/netns/$tag-client"
    echo "nameserver $at" >"/etc/netns/$tag-client/resolv.conf"
    background server dnsmasq --keep-in-foreground --no-resolv --no-hosts --local=/example/ --local-ttl=300 \
        --conf-file=/dev/null --pid-file= --user=root "$@"
    wait_for "on server ss -Hlun sport = :53 | grep -q ."
}

certificate() { # a key and a certificate for names, the first of them its subject
    local alt
    alt=$(printf ',DNS:%s' "$@")
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=$1" \
        -addext "subjectAltName=${alt#,}" -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
}

tls() { # lines for web(): the same pages on port 443; further options of listen
    echo "listen 443 ssl $*; listen [::]:443 ssl $*; ssl_protocols TLSv1.2 TLSv1.3;" \
        "ssl_certificate $work/cert.pem; ssl_certificate_key $work/key.pem;"
}

fetch() { # curl as the client, trusting that certificate
    on client curl -s -o /dev/null --max-time 20 --cacert "$work/cert.pem" "$@"
}

# --- names, and one attempt from the question for a name to the first octet -----

story_https_by_name() { # name, ARP, SYN, TLS, request, and a server that thinks for 200 ms
    hosts --arp
    names 10.9.0.53 --host-record=shop.example,$server
    certificate shop.example www.shop.example
    local answer=(say 'HTTP/1.0 200 OK' say 'Content-Type: text/plain' say '' say 'Twelve cups, four left.')
    say server tcp bind 127.0.0.1 8081 listen 5 accept recv 40 pause 0.2 "${answer[@]}" shutdown recv-end close &
    listening 8081
    web "$(tls) location /cups { proxy_pass http://127.0.0.1:8081; }"
    capture https-by-name.pcap client cli0
    fetch --http1.1 https://shop.example/cups
    finish
}

story_https_http2() { # two requests in one connection; TLS 1.3
    hosts
    names --host-record=shop.example,$server
    certificate shop.example
    web "$(tls http2)"
    capture https-http2.pcap client cli0
    fetch --http2 https://shop.example/ -o /dev/null https://shop.example/none
    finish
}

story_https_tls12() { # the certificate is in clear
    hosts
    certificate shop.example www.shop.example
    web "$(tls)"
    capture https-tls12.pcap client cli0
    fetch --http1.1 --tls-max 1.2 --resolve shop.example:443:$server https://shop.example/
    finish
}

story_tls_refused() { # the client does not trust the certificate and says so
    hosts
    certificate other.example
    web "$(tls)"
    capture tls-refused.pcap client cli0
    on client curl -s -o /dev/null --max-time 20 --resolve shop.example:443:$server https://shop.example/
    finish
}

story_http_keep_alive() { # three requests in one connection: a page, a HEAD, a page that is not there
    hosts
    web
    capture http-keep-alive.pcap client cli0
    local host=(--resolve shop.example:80:$server)
    get "${host[@]}" http://shop.example/ --next -s -o /dev/null -I "${host[@]}" http://shop.example/ \
        --next -s -o /dev/null "${host[@]}" -d 'cups=4' http://shop.example/order
    finish
}

story_name_not_found() { # the name server knows no such name: nobody is ever asked to connect
    hosts
    names
    capture name-not-found.pcap client cli0
    get http://nowhere.example/
    finish
}

story_name_unanswered() { # nobody answers at the name server's address; asked twice
    hosts
    mkdir -p "/etc/netns/$tag-client"
    printf 'nameserver %s\noptions timeout:1 attempts:2\n' $server >"/etc/netns/$tag-client/resolv.conf"
    on server iptables -A INPUT -p udp --dport 53 -j DROP
    capture name-unanswered.pcap client cli0
    get http://shop.example/
    finish
}

story_name_repeated() { # the first answer is lost; the name server is asked again after a second
    hosts 'lose server udp 1-2'
    names --host-record=shop.example,$server
    echo 'options timeout:1' >>"/etc/netns/$tag-client/resolv.conf"
    certificate shop.example
    web "$(tls)"
    capture name-repeated.pcap client cli0
    fetch --http1.1 https://shop.example/
    finish
}

story_second_address() { # two addresses: the first refuses, the second answers
    hosts
    ip -n "$tag-server" addr add 10.9.0.3/24 dev srv0
    ip -n "$tag-client" neigh add 10.9.0.3 lladdr $server_mac dev cli0 nud permanent
    on server iptables -A INPUT -p tcp -d 10.9.0.3 -j REJECT --reject-with tcp-reset
    names --host-record=shop.example,10.9.0.3 --host-record=shop.example,$server
    web
    capture second-address.pcap client cli0
    get http://shop.example/
    finish
}

# --- DNS, DHCP, NTP ----------------------------------------------------------------

story_dns() { # questions of many kinds over UDP; the wire loses one, and dig repeats it
    hosts 'lose client udp 3'
    names --host-record=shop.example,$server,$server6 --cname=www.shop.example,shop.example \
        --mx-host=shop.example,mail.shop.example,10 --txt-record=shop.example,'v=story "quoted"' \
        --srv-host=_story._tcp.shop.example,shop.example,7000,5,10 --ptr-record=2.0.9.10.in-addr.arpa,shop.example
    capture dns.pcap client cli0
    local kind
    for kind in 'shop.example A' 'shop.example AAAA' 'www.shop.example A' 'shop.example MX' 'shop.example TXT' \
        '_story._tcp.shop.example SRV' '-x 10.9.0.2' 'none.shop.example A' 'shop.example CAA' 'other.test A'; do
        # shellcheck disable=SC2086 # two words
        on client dig @$server +tries=2 +time=1 $kind >/dev/null
    done
    finish
}

story_dns_tcp() { # an answer too long for UDP is cut there; then two questions in one connection
    hosts
    local long=() i
    for i in 1 2 3 4 5 6 7 8; do long+=(--txt-record=long.example,"$(printf "part $i %0100d" 0)"); done
    names "${long[@]}" --host-record=shop.example,$server
    capture dns-tcp.pcap client cli0
    on client dig @$server +noedns long.example TXT >/dev/null
    on client dig @$server +tcp +keepopen long.example TXT shop.example A >/dev/null
    finish
}

story_dhcp() { # an address asked for, given, and given back
    hosts
    ip -n "$tag-client" addr flush dev cli0
    background server dnsmasq --keep-in-foreground --port=0 --conf-file=/dev/null --pid-file= --user=root \
        --interface=srv0 --dhcp-range=10.9.0.100,10.9.0.110,1h --dhcp-option=option:router,$server \
        --dhcp-option=option:dns-server,$server --domain=shop.example --dhcp-leasefile="$work/leases" --no-ping
    wait_for "on server ss -Hlun sport = :67 | grep -q ."
    capture dhcp.pcap client cli0 udp
    on client timeout 10 udhcpc -i cli0 -f -q -R -s /bin/true -x hostname:cups -n 2>/dev/null
    finish
}

story_ntp() { # the time asked for four times
    hosts
    printf 'local stratum 5\nallow 10.9.0.0/24\ncmdport 0\npidfile %s\n' "$work/chrony.pid" >"$work/server.conf"
    printf 'server %s iburst minpoll 0 maxpoll 0\ncmdport 0\n' $server >"$work/client.conf"
    printf 'bindcmdaddress /\npidfile %s\n' "$work/client.pid" >>"$work/client.conf"
    background server chronyd -x -d -U -u root -f "$work/server.conf" >/dev/null 2>&1
    wait_for "on server ss -Hlun sport = :123 | grep -q ."
    sleep 1
    capture ntp.pcap client cli0
    on client timeout 20 chronyd -Q -U -u root -t 10 -f "$work/client.conf" >/dev/null 2>&1
    finish
}

# --- QUIC ------------------------------------------------------------------------------

quic_story() { # quic_story FILE [quic.py's words for the client]
    hosts
    certificate shop.example
    background server "$quic" "$here/programs/quic.py" serve $server 443 "$work/cert.pem" "$work/key.pem"
    wait_for "on server ss -Hlun sport = :443 | grep -q ."
    capture "$1" client cli0
    on client timeout 20 "$quic" "$here/programs/quic.py" get $server 443 "$work/cert.pem" shop.example "${@:2}"
    finish
}

story_quic() { # version 1: one question, one answer
    quic_story quic.pcap v1
}

story_quic_v2() { # version 2, RFC 9369
    quic_story quic-v2.pcap v2
}

story_quic_long_hello() { # the TLS hello does not fit into the first packet
    quic_story quic-long-hello.pcap v1 long
}

# --- other dialogues over TCP -----------------------------------------------------------

story_ftp_pasv() { # passive by the old word, PASV
    hosts
    ftp_server
    capture ftp-pasv.pcap client cli0
    get --user anonymous:guest --disable-epsv ftp://$server/story.txt
    finish
}

story_ftp_port() { # active by the old word, PORT
    hosts
    ftp_server
    capture ftp-port.pcap client cli0
    get --user anonymous:guest --disable-eprt --ftp-port - ftp://$server/story.txt
    finish
}

story_redis() {
    hosts
    background server redis-server --bind $server --port 6379 --save '' --protected-mode no --dir "$work" >/dev/null
    listening 6379
    capture redis.pcap client cli0
    on client redis-cli -h $server SET cups 12 >/dev/null
    on client redis-cli -h $server -r 3 DECR cups >/dev/null
    on client redis-cli -h $server LPUSH cups one >/dev/null
    finish
}

story_postgres() { # asks for TLS, is told there is none, goes on in clear with a password
    hosts
    local bin=/usr/lib/postgresql/15/bin
    chmod 755 "$work"
    install -d -o postgres "$work/pg"
    echo secret >"$work/pw"
    chmod 644 "$work/pw"
    runuser -u postgres -- $bin/initdb -D "$work/pg" -A scram-sha-256 --pwfile="$work/pw" >/dev/null 2>&1
    echo "host all all 10.9.0.0/24 scram-sha-256" >>"$work/pg/pg_hba.conf"
    background server runuser -u postgres -- $bin/postgres -D "$work/pg" -h $server -k "$work/pg" >/dev/null 2>&1
    listening 5432
    capture postgres.pcap client cli0
    PGPASSWORD=secret on client psql -q -h $server -U postgres -c 'select 12 as cups' \
        -c 'select nothing' >/dev/null 2>&1
    finish
}

story_mariadb() { # the greeting, a login, a question and its answer
    hosts
    mkdir -p "$work/my"
    mariadb-install-db --no-defaults --user=root --datadir="$work/my" --auth-root-authentication-method=normal \
        --skip-test-db >/dev/null 2>&1
    background server mariadbd --no-defaults --user=root --datadir="$work/my" --bind-address=$server \
        --socket="$work/my/socket" --pid-file="$work/my/pid" --skip-name-resolve >/dev/null 2>&1
    wait_for "mariadb --no-defaults -S $work/my/socket -e 'select 1' >/dev/null 2>&1"
    mariadb --no-defaults -S "$work/my/socket" -e "create user story identified by 'secret'"
    capture mariadb.pcap client cli0
    on client mariadb --no-defaults --skip-ssl -h $server -u story -psecret -e 'select 12 as cups' >/dev/null
    finish
}

story_mqtt() { # one subscribes, another publishes
    hosts
    printf 'listener 1883 %s\nallow_anonymous true\n' $server >"$work/mosquitto.conf"
    background server mosquitto -c "$work/mosquitto.conf" 2>/dev/null
    listening 1883
    capture mqtt.pcap client cli0
    on client timeout 10 mosquitto_sub -h $server -i reader -t cups/left -C 1 >/dev/null &
    sleep 0.5
    on client mosquitto_pub -h $server -i shop -t cups/left -m 12 -q 1
    finish
}

story_smtp() { # one letter
    hosts
    background server /usr/bin/python3 -m aiosmtpd -n -l $server:25 -c aiosmtpd.handlers.Sink 2>/dev/null
    listening 25
    capture smtp.pcap client cli0
    printf 'From: shop@shop.example\r\nTo: you@shop.example\r\nSubject: Cups\r\n\r\nTwelve cups.\r\n' |
        get --mail-from shop@shop.example --mail-rcpt you@shop.example -T - smtp://$server/shop.example
    finish
}
