using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Kbus.Limpets;

namespace Kbus.Cli;

/// <summary>The files of keys and certificates that protect a link.</summary>
internal static class KeyFiles
{
    private const int LongestPem = 1024 * 1024;

    /// <summary>The library that the framework has its TLS from. Without it the framework would end the process.</summary>
    private static readonly string[] OpenSsl = ["libssl.so.3", "libssl.so.1.1"];

    /// <summary>Makes a key with its certificate in a new file.</summary>
    /// <returns>The pin by which the other side knows the key.</returns>
    /// <exception cref="CommandException">The file cannot be made, or is there already.</exception>
    public static string Make(string file)
    {
        NeedOpenSsl();
        try
        {
            string pem = LimpetKeys.MakePem();
            using (var stream = new FileStream(file, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }))
            {
                stream.Write(Encoding.ASCII.GetBytes(pem));
            }

            using X509Certificate2 certificate = LimpetKeys.Read(file);
            return LimpetSecurity.KeyOf(certificate);
        }
        catch (IOException) when (File.Exists(file))
        {
            throw new CommandException(ExitCode.Failed, $"{file} is there already; a key is not written over. Name another file, or remove it first.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Failed, $"{file} cannot be written: {SystemFault.Describe(e)}", e);
        }
    }

    /// <summary>Reads a certificate with its private key.</summary>
    /// <param name="certificate">The file that has the certificate.</param>
    /// <param name="key">The file that has its private key; null if it is in the same one.</param>
    /// <param name="warn">Hears of a private key that others can read.</param>
    /// <exception cref="CommandException">It cannot be read, or is none.</exception>
    public static X509Certificate2 Read(string certificate, string? key, Action<string> warn)
    {
        NeedOpenSsl();
        string where = key is null ? certificate : $"{certificate} with {key}";
        X509Certificate2 read = Reading(where, () => WhyNoKey(certificate, key ?? certificate), () => LimpetKeys.Read(certificate, key));
        WarnOfReaders(key ?? certificate, warn);
        WarnOfDates(read, certificate, warn);
        return read;
    }

    /// <summary>Reads the certificates of authorities.</summary>
    /// <exception cref="CommandException">They cannot be read, or there is none.</exception>
    public static X509Certificate2Collection ReadAuthorities(string file) =>
        Reading(file, () => $"{file} has no certificate in PEM form.", () => LimpetKeys.ReadAuthorities(file));

    /// <summary>Why there is no certificate with its private key in files that can be read.</summary>
    private static string WhyNoKey(string certificate, string key)
    {
        string ofKey = Beginning(key);
        return !Beginning(certificate).Contains("-----BEGIN CERTIFICATE-----", StringComparison.Ordinal) ? $"{certificate} has no certificate in PEM form."
            : ofKey.Contains("ENCRYPTED", StringComparison.Ordinal) ? $"the private key in {key} is encrypted, and nobody is here to type its password. 'openssl pkey -in {key}' prints it without."
            : !ofKey.Contains("PRIVATE KEY-----", StringComparison.Ordinal) ? $"{key} has no private key in PEM form."
            : $"the private key in {key} is not that of the certificate in {certificate}, or one of them is damaged.";
    }

    private static string Beginning(string file)
    {
        using FileStream stream = File.OpenRead(file);
        byte[] bytes = new byte[LongestPem];
        return Encoding.Latin1.GetString(bytes, 0, stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false));
    }

    /// <summary>The other side would refuse it, if it knows it by an authority.</summary>
    private static void WarnOfDates(X509Certificate2 certificate, string file, Action<string> warn)
    {
        DateTime now = TimeProvider.System.GetUtcNow().UtcDateTime;
        (DateTime from, DateTime to) = (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
        if (now < from || now > to)
        {
            string when = now > to ? $"expired on {Date(to)}" : $"is not valid before {Date(from)} (is the clock right?)";
            warn($"warning: the certificate in {file} {when}. A peer that knows it by an authority refuses it.");
        }
    }

    /// <summary>Whoever can read the key can pose as this Limpet.</summary>
    private static void WarnOfReaders(string file, Action<string> warn)
    {
        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        if (File.Exists(file) && (File.GetUnixFileMode(file) & Others) != 0)
        {
            warn($"warning: other users can read or change the private key in {file}, and so pose as this Limpet. 'chmod 600 {file}' ends that.");
        }
    }

    private static string Date(DateTime day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static T Reading<T>(string where, Func<string> whyNot, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Failed, $"{where} cannot be read: {SystemFault.Describe(e, where)}", e);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new CommandException(ExitCode.Failed, whyNot(), e);
        }
    }

    private static void NeedOpenSsl()
    {
        if (!OpenSsl.Any(name => NativeLibrary.TryLoad(name, out _)))
        {
            throw new CommandException(ExitCode.Failed, "TLS needs the OpenSSL library (libssl.so.3), which is not installed here. Install the package libssl3 or openssl.");
        }
    }
}
