using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Kbus.Cli.Tests;

/// <summary>Links of <c>kbus limpet</c> that are protected, and those that may not be unprotected.</summary>
public sealed class LimpetSecurityTests
{
    [Fact]
    public Task A_key_is_made_for_its_user_alone_and_not_written_over() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string file = Path.Join(bus.Directory, "limpet.pem");
        string pin = MakeKey(bus, "limpet.pem");
        Assert.Matches("^[0-9a-f]{64}$", pin);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        string before = File.ReadAllText(file);
        Assert.Equal(
            new Ended(1, "", $"kbus: {file} is there already; a key is not written over. Name another file, or remove it first.\n"),
            bus.Run("limpet", "--make-key", file));
        Assert.Equal(before, File.ReadAllText(file));
    });

    [Fact]
    public Task Two_that_know_each_other_s_keys_are_linked_by_TLS() => Limited.Run(() =>
    {
        using var bus = new PrivateBus("--buses", "2");
        string one = MakeKey(bus, "one");
        string other = MakeKey(bus, "other");
        (LimpetRun server, string address) = LimpetRun.Listen(bus, "localhost:0", "--bus", "1", "--tls-cert", In(bus, "one"), "--tls-pin", MakeKey(bus, "third"), "--tls-pin", other);
        using LimpetRun client = LimpetRun.Start(bus, "--client", address, "--tls-cert", In(bus, "other"), "--tls-pin", one.ToUpperInvariant());
        Assert.EndsWith(other, client.Await("This Limpet's key"), StringComparison.Ordinal);
        AssertLinked(bus, server, client);
        server.Dispose();
    });

    [Fact]
    public Task Two_whose_certificates_an_authority_has_signed_are_linked_by_TLS() => Limited.Run(() =>
    {
        using var bus = new PrivateBus("--buses", "2");
        using var authority = new Authority();
        File.WriteAllText(In(bus, "ca"), authority.Pem);
        authority.Sign("bowl-0.example", In(bus, "one"), In(bus, "one.key"));
        authority.Sign("bowl-1.example", In(bus, "other"), In(bus, "other.key"));
        (LimpetRun server, string address) = LimpetRun.Listen(
            bus, "localhost:0", "--bus", "1", "--tls-cert", In(bus, "one"), "--tls-key", In(bus, "one.key"), "--tls-ca", In(bus, "ca"), "--tls-name", "bowl-1.example");
        using LimpetRun client = LimpetRun.Start(
            bus, "--client", address, "--tls-cert", In(bus, "other"), "--tls-key", In(bus, "other.key"), "--tls-ca", In(bus, "ca"), "--tls-name", "bowl-0.example");
        AssertLinked(bus, server, client);
        client.Program.Signal("TERM");
        client.Program.End();

        // The same certificate is not the other's.
        Ended impostor = bus.Run(
            "limpet", "-c", address, "--once", "-q", "--tls-cert", In(bus, "one"), "--tls-key", In(bus, "one.key"), "--tls-ca", In(bus, "ca"));
        Assert.Equal(1, impostor.Code);
        Assert.Contains("its certificate is for bowl-0.example, not for bowl-1.example", server.Await("was sent away"), StringComparison.Ordinal);
        server.Dispose();
    });

    [Fact]
    public Task A_key_that_is_not_known_is_refused_by_either_side() => Limited.Run(() =>
    {
        using var bus = new PrivateBus("--buses", "2");
        string one = MakeKey(bus, "one");
        string other = MakeKey(bus, "other");
        string strangers = MakeKey(bus, "stranger");
        (LimpetRun server, string address) = LimpetRun.Listen(bus, "localhost:0", "--bus", "1", "--tls-cert", In(bus, "one"), "--tls-pin", other);
        Ended stranger = bus.Run("limpet", "-c", address, "--once", "-q", "--tls-cert", In(bus, "stranger"), "--tls-pin", one);
        Assert.Equal(1, stranger.Code);
        Assert.Contains("it may not know this side's key", stranger.Errors, StringComparison.Ordinal);
        Assert.Contains($"it has the key {strangers}, which is none of those known here (--tls-pin)", server.Await("was sent away"), StringComparison.Ordinal);
        Ended distrustful = bus.Run("limpet", "-c", address, "--once", "-q", "--tls-cert", In(bus, "other"), "--tls-pin", other);
        Assert.Equal(1, distrustful.Code);
        Assert.Contains($"it has the key {one}, which is none of those known here (--tls-pin)", distrustful.Errors, StringComparison.Ordinal);
        server.Await("was sent away");
        Ended plain = bus.Run("limpet", "-c", address, "--once", "-q", "--plain-loopback");
        Assert.Equal((7, "kbus: The server sent this Limpet away: \"This server speaks TLS only, and the client began as a Limpet without TLS (--tls-cert).\"\n"), (plain.Code, plain.Errors));
        server.Await("was sent away");

        // And who is known still comes in.
        using LimpetRun client = LimpetRun.Start(bus, "--client", address, "--tls-cert", In(bus, "other"), "--tls-pin", one);
        AssertLinked(bus, server, client);
        server.Dispose();
    });

    [Fact]
    public Task The_plain_protocol_leaves_this_machine_only_when_asked_for() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        Ended refused = bus.Run("limpet", "-s", "0.0.0.0:0", "-q");
        Assert.Equal(1, refused.Code);
        Assert.Contains("0.0.0.0:0 is not on this machine, and without TLS anybody on the way could read and change messages.", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("--plain", refused.Errors, StringComparison.Ordinal);

        // 192.0.2.0/24 is for documents; nobody has an address in it, and nobody is asked.
        Ended client = bus.Run("limpet", "-c", "192.0.2.1:4321", "-q");
        Assert.Equal(1, client.Code);
        Assert.Contains("192.0.2.1:4321 is not on this machine", client.Errors, StringComparison.Ordinal);
        (LimpetRun server, string address) = LimpetRun.Listen(bus, "0.0.0.0:0", "--plain");
        Assert.Equal("kbus: warning: the link is not protected; anybody on the way can read and change messages.", server.Program.Note());
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(new IPEndPoint(IPAddress.Loopback, IPEndPoint.Parse(address).Port));
        server.Dispose();
    });

    [Theory]
    [InlineData("-s", "localhost:0")]
    [InlineData("-c", "127.0.0.1:4321")]
    public Task The_plain_protocol_on_a_loopback_address_needs_to_be_asked_for(string side, string address) => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        Ended refused = bus.Run("limpet", side, address, "-q", "--once");
        Assert.Equal(1, refused.Code);
        Assert.StartsWith("kbus: Every user of this machine can reach ", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("--plain-loopback", refused.Errors, StringComparison.Ordinal);
    });

    /// <summary>It was used without a word.</summary>
    [Fact]
    public Task A_key_that_other_users_can_read_is_warned_of() => Limited.Run(() =>
    {
        using var bus = new PrivateBus("--buses", "2");
        string one = MakeKey(bus, "one");
        File.SetUnixFileMode(In(bus, "one"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        (LimpetRun server, _) = LimpetRun.Listen(bus, "localhost:0", "--tls-cert", In(bus, "one"), "--tls-pin", one);
        Assert.Equal(
            $"kbus: warning: other users can read or change the private key in {In(bus, "one")}, and so pose as this Limpet. 'chmod 600 {In(bus, "one")}' ends that.",
            server.Program.Note());
        server.Dispose();
    });

    private static void AssertLinked(PrivateBus bus, LimpetRun server, LimpetRun client)
    {
        client.Await("network id is");
        server.Await("network id is");
        using Program replier = bus.StartBound("reply", "$.Echo", "--echo", "--bus", "1", "-n", "1");
        using Ksock ksock = bus.Open();
        Assert.True(SpinWait.SpinUntil(() => ksock.FindReplierFor("$.Echo") is not null, TimeSpan.FromSeconds(180)));
        string data = new('x', 300_000);
        Assert.Equal(data, ksock.Request(new Request("$.Echo", data), TimeSpan.FromSeconds(180))!.DataAsText);
        Assert.Equal(0, replier.End().Code);
    }

    private static string In(PrivateBus bus, string file) => Path.Join(bus.Directory, file);

    private static string MakeKey(PrivateBus bus, string file)
    {
        Ended made = bus.Run("limpet", "--make-key", In(bus, file));
        Assert.Equal((0, ""), (made.Code, made.Errors));
        return Assert.Single(made.Lines);
    }

    /// <summary>Signs certificates.</summary>
    private sealed class Authority : IDisposable
    {
        private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        private readonly X509Certificate2 _certificate;
        private byte _serial;

        public Authority()
        {
            var request = new CertificateRequest("CN=authority", _key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            _certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));
        }

        public string Pem => _certificate.ExportCertificatePem();

        public void Sign(string name, string certificateFile, string keyFile)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName(name);
            request.CertificateExtensions.Add(names.Build());
            using X509Certificate2 certificate = request.Create(_certificate, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1), [++_serial]);
            File.WriteAllText(certificateFile, certificate.ExportCertificatePem());
            File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
        }

        public void Dispose()
        {
            _certificate.Dispose();
            _key.Dispose();
        }
    }
}
