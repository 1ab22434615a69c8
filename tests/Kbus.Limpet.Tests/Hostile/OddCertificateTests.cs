using System.Diagnostics;

namespace Kbus.Limpets.Tests;

/// <summary>What a stranger shows before anything is known of him. One kind of certificate ended a client's process with SIGABRT.</summary>
public sealed class OddCertificateTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private readonly Bowls _bowls = new(1);
    private readonly Keys _keys = new();

    public void Dispose()
    {
        _bowls.Dispose();
        _keys.Dispose();
    }

    [Theory]
    [InlineData(true, "its certificate cannot be read")]
    [InlineData(false, "which is none of those known here (--tls-pin)")]
    public async Task A_server_with_an_odd_certificate_and_without_any_key_costs_a_client_one_attempt(bool isOdd, string why)
    {
        using var server = new PythonTls(isOdd ? OddCertificates.WithIndefiniteParameters() : OddCertificates.AsItShouldBe(), connectTo: null);
        var client = new LimpetClient(server.Address, _bowls.Options(0, 1), _keys.One);
        LimpetException failure = await Assert.ThrowsAsync<LimpetException>(() => client.RunAsync(isOnce: true).WaitAsync(Limit));
        Assert.Contains(why, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "its certificate cannot be read")]
    [InlineData(false, "which is none of those known here (--tls-pin)")]
    public async Task A_client_with_an_odd_certificate_is_told_of_in_the_server_s_log(bool isOdd, string why)
    {
        await using Served served = await Served.At(Served.AnyPort(), _bowls.Options(0, 1), _keys.One);
        using var client = new PythonTls(isOdd ? OddCertificates.WithIndefiniteParameters() : OddCertificates.AsItShouldBe(), served.Address);
        _bowls.AwaitTold(why);
    }

    /// <summary>The framework calls the check from within OpenSSL, where an exception ends the process.</summary>
    [Fact]
    public void Whatever_the_bytes_of_a_certificate_are_the_check_never_throws()
    {
        var random = new Random(7);
        byte[] good = _keys.Certificates.Other.RawData;
        foreach (LimpetSecurity security in new[] { _keys.One, _keys.One with { PeerKeys = [], Authorities = [_keys.Authority], PeerName = "other.example" } })
        {
            for (int i = 0; i < 5000; i++)
            {
                byte[] bytes = [.. good];
                for (int changes = random.Next(1, 4); changes > 0; changes--)
                {
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                }

                bytes = random.Next(10) == 0 ? bytes[..random.Next(bytes.Length)] : bytes;
                var check = new PeerCheck(security, isServer: i % 2 == 0);
                bool isPeer = check.Accepts(() => bytes, []);
                Assert.Equal(isPeer, check.Failure is null);
            }
        }
    }

    /// <summary>A side of TLS in Python, which shows any certificate that OpenSSL takes.</summary>
    private sealed class PythonTls : IDisposable
    {
        private const string Script = """
            import socket, ssl, sys
            server = sys.argv[2] == 'server'
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            context.load_cert_chain(sys.argv[1])
            if server:
                listener = socket.create_server(('127.0.0.1', 0))
                print(listener.getsockname()[1], flush=True)
                plain = listener.accept()[0]
            else:
                plain = socket.create_connection(('127.0.0.1', int(sys.argv[3])))
            try:
                context.wrap_socket(plain, server_side=server).recv(100)
            except OSError as error:
                print(error, file=sys.stderr)
            """;

        private readonly string _file = Path.Join(Path.GetTempPath(), $"kbus-odd-{Guid.NewGuid():N}.pem");
        private readonly Process _process;

        public PythonTls(string pem, LimpetAddress? connectTo)
        {
            File.WriteAllText(_file, pem);
            _process = Process.Start(new ProcessStartInfo("python3", ["-c", Script, _file, connectTo is null ? "server" : "client", $"{connectTo?.Port}"])
            {
                RedirectStandardOutput = true,
            })!;
            Address = connectTo ?? LimpetAddress.Parse($"127.0.0.1:{_process.StandardOutput.ReadLine()}");
        }

        public LimpetAddress Address { get; }

        public void Dispose()
        {
            _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
            File.Delete(_file);
        }
    }
}
