using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Kbus.Cli.Tests;

/// <summary>What an operator can set up wrongly. Each has its own message, which names the cause, and never a trace.</summary>
public sealed class WrongSetupTests
{
    private static readonly Dictionary<string, Action<Site>> Setups = new()
    {
        ["the client has a wrong pin of the server"] = site =>
        {
            site.Serve("--tls-cert", site.Key("one"), "--tls-pin", site.Pin("other"));
            site.Client(1, $"it has the key {site.Pin("one")}, which is none of those known here (--tls-pin)", "--tls-cert", site.Key("other"), "--tls-pin", site.Pin("third"));
        },
        ["the server has a wrong pin of the client"] = site =>
        {
            site.Serve("--tls-cert", site.Key("one"), "--tls-pin", site.Pin("third"));
            site.Client(1, $"it may not know this side's key, which is {site.Pin("other")}", "--tls-cert", site.Key("other"), "--tls-pin", site.Pin("one"));
            site.ServerSays($"it has the key {site.Pin("other")}, which is none of those known here (--tls-pin)");
        },
        ["the client's certificate has expired"] = site =>
        {
            site.ServeSigned();
            string file = site.Signed("old.example", daysFrom: -9, daysTo: -2);
            site.Client(1, $"warning: the certificate in {file} expired on 20", "--tls-cert", file, "--tls-ca", site.Ca("ca"));
            site.ServerSays("its certificate expired on 20");
        },
        ["the client's certificate is not valid yet"] = site =>
        {
            site.ServeSigned();
            string file = site.Signed("new.example", daysFrom: 2, daysTo: 9);
            site.Client(1, $"warning: the certificate in {file} is not valid before 20", "--tls-cert", file, "--tls-ca", site.Ca("ca"));
            site.ServerSays("is this machine's clock right?");
        },
        ["the server's certificate has expired"] = site =>
        {
            site.Serve("--tls-cert", site.Signed("old.example", daysFrom: -9, daysTo: -2), "--tls-ca", site.Ca("ca"));
            site.Client(1, "its certificate expired on 20", "--tls-cert", site.Signed("me.example"), "--tls-ca", site.Ca("ca"));
        },
        ["the server's certificate is for another name"] = site =>
        {
            site.ServeSigned();
            site.Client(1, "its certificate is for hub.example, not for robot.example", "--tls-cert", site.Signed("me.example"), "--tls-ca", site.Ca("ca"), "--tls-name", "robot.example");
        },
        ["another authority has signed the client's certificate"] = site =>
        {
            site.ServeSigned();
            site.Client(1, "it may not know this side's key", "--tls-cert", site.Signed("me.example", authority: "second"), "--tls-ca", site.Ca("ca"));
            site.ServerSays("none of the authorities known here has signed its certificate; its issuer is CN=second");
        },
        ["the client's certificate is made for servers"] = site =>
        {
            site.ServeSigned();
            site.Client(1, "it may not know this side's key", "--tls-cert", site.Signed("me.example", use: "1.3.6.1.5.5.7.3.1"), "--tls-ca", site.Ca("ca"));
            site.ServerSays("its certificate is not made for a client (extended key usage)");
        },
        ["a client without TLS comes to a server with TLS"] = site =>
        {
            site.Serve("--tls-cert", site.Key("one"), "--tls-pin", site.Pin("other"));
            site.Client(7, "This server speaks TLS only, and the client began as a Limpet without TLS (--tls-cert).", "--plain-loopback");
        },
        ["a client with TLS comes to a server without"] = site =>
        {
            site.Serve("--plain-loopback");
            site.Client(1, "it may speak no TLS", "--tls-cert", site.Key("one"), "--tls-pin", site.Pin("other"));
            site.ServerSays("it speaks TLS, and this side does not (--tls-cert)");
        },
        ["the file of the certificate is not there"] = site =>
            site.Refused(1, $"{site.In("none")} cannot be read: ENOENT (No such file or directory).", "--server", "localhost:0", "--tls-cert", site.In("none"), "--tls-pin", site.Pin("one")),
        ["the file of the certificate is a directory"] = site =>
            site.Refused(1, $"{site.Directory} cannot be read: EISDIR", "--server", "localhost:0", "--tls-cert", site.Directory, "--tls-pin", site.Pin("one")),
        ["the file of the certificate has none"] = site =>
            site.Refused(1, $"{site.Written("text", "Dear Limpet")} has no certificate in PEM form.", "--server", "localhost:0", "--tls-cert", site.In("text"), "--tls-pin", site.Pin("one")),
        ["the private key is missing"] = site =>
        {
            string certificate = site.Written("bare", File.ReadAllText(site.Key("one"))[File.ReadAllText(site.Key("one")).IndexOf("-----BEGIN CERT", StringComparison.Ordinal)..]);
            site.Refused(1, $"{certificate} has no private key in PEM form.", "--server", "localhost:0", "--tls-cert", certificate, "--tls-pin", site.Pin("one"));
        },
        ["the private key is encrypted"] = site =>
            site.Refused(1, $"the private key in {site.Encrypted("locked")} is encrypted", "--server", "localhost:0", "--tls-cert", site.Key("one"), "--tls-key", site.In("locked"), "--tls-pin", site.Pin("one")),
        ["the private key is another's"] = site =>
            site.Refused(1, $"the private key in {site.Key("other")} is not that of the certificate in {site.Key("one")}", "--server", "localhost:0", "--tls-cert", site.Key("one"), "--tls-key", site.Key("other"), "--tls-pin", site.Pin("one")),
        ["every user can read the private key"] = site =>
        {
            File.SetUnixFileMode(site.Key("one"), (UnixFileMode)0b110_100_100);
            site.Refused(1, $"warning: other users can read or change the private key in {site.In("one")}", "--client", site.In("nobody"), "--once", "--tls-cert", site.In("one"), "--tls-pin", site.Pin("other"));
        },
        ["the authorities' file has none"] = site =>
            site.Refused(1, $"{site.Written("text", "Dear Limpet")} has no certificate in PEM form.", "--server", "localhost:0", "--tls-cert", site.Key("one"), "--tls-ca", site.In("text")),
        ["the other side speaks another protocol"] = site =>
        {
            using var web = new Web("HTTP/1.1 400 Bad Request\r\n\r\n");
            site.Refused(1, "it greeted with the bytes 48545450 in place of HELO", "--client", web.Address, "--plain-loopback");
        },
        ["the other side speaks another protocol, and TLS was meant"] = site =>
        {
            using var web = new Web("SSH-2.0-OpenSSH_9.2p1\r\n");
            site.Refused(1, "it speaks no TLS; it began with the bytes 5353482D", "--client", web.Address, "--once", "--tls-cert", site.Key("one"), "--tls-pin", site.Pin("other"));
        },
        ["the path is the socket of a bus"] = site =>
            site.Refused(1, "it closed the connection before it greeted", "--client", Path.Join(site.Directory, "bus0"), "--once"),
        ["nobody listens at the port"] = site =>
            site.Refused(1, $"No link with 127.0.0.1:{FreePort()}: Connection refused", "--client", $"127.0.0.1:{FreePort()}", "--plain-loopback", "--once"),
        ["the port is taken"] = site =>
        {
            site.Serve("--plain-loopback");
            site.Refused(1, $"Cannot listen at {site.Address}: Address already in use.", "--server", site.Address, "--plain-loopback");
        },
        ["the address is another machine's"] = site =>
            site.Refused(1, "A server's address is one of this machine's own; 0.0.0.0 stands for all of them.", "--server", "192.0.2.1:4321", "--plain"),
        ["the path is taken"] = site =>
            site.Refused(1, $"Cannot listen at {site.Directory}/bus0: somebody does already.", "--server", Path.Join(site.Directory, "bus0")),
        ["the path is an ordinary file"] = site =>
            site.Refused(1, "it is a file of another kind than a socket, and is left as it is.", "--server", site.Written("text", "Dear Limpet")),
        ["the path's directory is not there"] = site =>
            site.Refused(1, $"there is no directory {site.In("none")}.", "--server", site.In("none/glass")),
        ["the client's path is not there"] = site =>
            site.Refused(1, "there is no such socket; its server does not listen yet, or another path was meant.", "--client", site.In("glass"), "--once"),
        ["the link would be open to every user"] = site =>
            site.Refused(1, "or ask for this by name (--plain-loopback).", "--server", "localhost:0"),
        ["the link would leave the machine unprotected"] = site =>
            site.Refused(1, "or ask for the plain protocol by name (--plain).", "--server", "0.0.0.0:0"),
        ["there is no such bus"] = site =>
            site.Refused(4, "ENOENT: There is no bus 5", "--server", "localhost:0", "--plain-loopback", "--bus", "5"),
        ["both have one network id"] = site =>
        {
            site.Serve("--plain-loopback", "--id", "9");
            site.Client(7, "It has network id 9, as this Limpet has; give one of them another by --id.", "--plain-loopback", "--id", "9");
        },
        ["the server has a peer already"] = site =>
        {
            site.Serve("--plain-loopback");
            using LimpetRun first = LimpetRun.Start(site.Bus, "--client", site.Address, "--plain-loopback", "--bus", "2");
            first.Await("network id is");
            site.Client(7, "It is Limpet 5, and there is a link with Limpet 1.", "--plain-loopback", "--id", "5");
        },
        ["the client has another network id than the server's file says"] = site =>
        {
            site.ServeFile("{ \"name\": \"near\", \"id\": 11, \"user\": \"USER\" }");
            site.Client(7, "It says that its network id is 12, and here it must be 11 (near). Give it that id by --id.", "--id", "12");
        },
        ["the client's user is not in the server's file"] = site =>
        {
            site.ServeFile("{ \"name\": \"near\", \"id\": 11, \"user\": \"4294967294\" }");
            site.Client(7, $"No peer here has the user id {Site.User}.", "--id", "11");
        },
        ["two peers of the server's file have one network id"] = site =>
            site.Refused(1, "The peers far and near both have network id 11; it belongs to one of them.", "--check", site.Written(
                "limpet.json", """{ "listen": "glass", "id": 1, "peers": [ { "name": "near", "id": 11, "user": "0" }, { "name": "far", "id": 11, "user": "1" } ] }""")),
        ["the server's file names a key that is not there"] = site =>
            site.Refused(1, $"{site.In("none.pem")} cannot be read: ENOENT", "--check", site.Written(
                "limpet.json", $$"""{ "listen": "localhost:0", "id": 1, "tls": { "certificate": "none.pem" }, "peers": [ { "name": "near", "id": 11, "pin": "{{new string('a', 64)}}" } ] }""")),
    };

    public static TheoryData<string> Names => [.. Setups.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public Task A_wrong_set_up_is_told_by_a_message_that_names_its_cause(string name) => Limited.Run(() =>
    {
        using var site = new Site();
        Setups[name](site);
        Assert.True(site.Checked > 0, "nothing was checked");
    });

    [Fact]
    public void There_are_at_least_as_many_as_are_known_from_practice() => Assert.InRange(Setups.Count, 23, 100);

    /// <summary>A port at which nobody listens: it is bound, and belongs to this process.</summary>
    private static int FreePort() => Bound.Value.Port;

    private static readonly Lazy<(Socket Socket, int Port)> Bound = new(() =>
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (socket, ((IPEndPoint)socket.LocalEndPoint!).Port);
    });

    /// <summary>Something else than a Limpet that listens, says this to whoever comes, and hears him out.</summary>
    private sealed class Web : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

        public Web(string says)
        {
            _listener.Start();
            _ = Task.Run(async () =>
            {
                using TcpClient guest = await _listener.AcceptTcpClientAsync();
                await guest.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(says));
                while (await guest.GetStream().ReadAsync(new byte[100]) > 0)
                {
                }
            });
        }

        public string Address => $"{_listener.LocalEndpoint}";

        public void Dispose() => _listener.Dispose();
    }

    /// <summary>A daemon, keys and authorities, and a server that may run.</summary>
    private sealed class Site : IDisposable
    {
        private readonly Dictionary<string, X509Certificate2> _authorities = [];
        private LimpetRun? _server;

        public PrivateBus Bus { get; } = new("--buses", "3");

        public int Checked { get; private set; }

        public string Address { get; private set; } = "";

        public string Directory => Bus.Directory;

        public static string User { get; } = Id();

        public string In(string name) => Path.Join(Directory, name);

        public string Written(string name, string text)
        {
            File.WriteAllText(In(name), text);
            return In(name);
        }

        /// <summary>A key of a Limpet; made when it is asked for first.</summary>
        public string Key(string name)
        {
            _ = Pin(name);
            return In(name);
        }

        public string Pin(string name)
        {
            if (!File.Exists(In(name)))
            {
                File.WriteAllText(In($"{name}.pin"), Bus.Run("limpet", "--make-key", In(name)).Lines[0]);
            }

            return File.ReadAllText(In($"{name}.pin"));
        }

        public string Encrypted(string name)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            return Written(name, key.ExportEncryptedPkcs8PrivateKeyPem("secret", new PbeParameters(PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 1000)));
        }

        /// <summary>The file of an authority.</summary>
        public string Ca(string name) => Written($"{name}.ca", Authority(name).ExportCertificatePem());

        /// <summary>The file of a certificate with its key, which an authority has signed.</summary>
        public string Signed(string name, int daysFrom = -1, int daysTo = 5, string authority = "ca", string? use = null)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName(name);
            request.CertificateExtensions.Add(names.Build());
            if (use is not null)
            {
                request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], critical: false));
            }

            DateTimeOffset now = TimeProvider.System.GetUtcNow();
            using X509Certificate2 made = request.Create(Authority(authority), now.AddDays(daysFrom), now.AddDays(daysTo), RandomNumberGenerator.GetBytes(8));
            string file = Written(name, $"{key.ExportPkcs8PrivateKeyPem()}\n{made.ExportCertificatePem()}\n");
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            return file;
        }

        public void Serve(params string[] args) => (_server, Address) = LimpetRun.Listen(Bus, ["localhost:0", "--bus", "1", .. args]);

        public void ServeSigned() => Serve("--tls-cert", Signed("hub.example"), "--tls-ca", Ca("ca"));

        public void ServeFile(string peer)
        {
            Address = In("glass");
            _server = LimpetRun.Start(Bus, "--config", Written("hub.json", $$"""{ "listen": "{{Address}}", "id": 1, "bus": 1, "peers": [ {{peer.Replace("USER", User, StringComparison.Ordinal)}} ] }"""));
            _server.Await("Listening for connections at ");
        }

        public void ServerSays(string text) => _server!.Await(text);

        public void Client(int code, string message, params string[] args) => Refused(code, message, ["--client", Address, "--once", .. args]);

        /// <summary>Runs a Limpet to its end, which must say this.</summary>
        public void Refused(int code, string message, params string[] args)
        {
            Checked++;
            Ended ended = Bus.Run(["limpet", "--quiet", .. args]);
            Assert.Contains(message, ended.Errors, StringComparison.Ordinal);
            Assert.Equal(code, ended.Code);
            Assert.All(ended.Errors.TrimEnd('\n').Split('\n'), l => Assert.StartsWith("kbus: ", l, StringComparison.Ordinal));
            Assert.DoesNotContain("   at ", ended.Errors, StringComparison.Ordinal);
        }

        public void Dispose()
        {
            _server?.Dispose();
            Bus.Dispose();
            foreach (X509Certificate2 authority in _authorities.Values)
            {
                authority.Dispose();
            }
        }

        private X509Certificate2 Authority(string name)
        {
            if (!_authorities.TryGetValue(name, out X509Certificate2? made))
            {
                using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
                var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
                request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
                DateTimeOffset now = TimeProvider.System.GetUtcNow();
                made = _authorities[name] = request.CreateSelfSigned(now.AddDays(-20), now.AddDays(20));
            }

            return made;
        }

        private static string Id()
        {
            using Program id = Program.Start("/usr/bin/id", new Dictionary<string, string?>(), "-u");
            return id.End().Output.Trim();
        }
    }
}
