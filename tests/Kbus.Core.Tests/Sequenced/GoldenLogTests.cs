using System.Globalization;

namespace Kbus.Core.Tests;

/// <summary>A recorded log gives the recorded books, entry by entry.</summary>
/// <remarks>
/// A difference means that an operation has another outcome than it had. Replicas of two releases would then differ. Such a change needs a
/// new <see cref="Bus.SemanticsVersion"/> and a new recording: <c>KBUS_TEST_RECORD=1</c> writes it into the folder
/// <c>KBUS_TEST_RECORD_TO</c>; the next build has it.
/// </remarks>
public sealed class GoldenLogTests
{
    private const int Seed = 21;
    private const int Steps = 1500;

    private static string Name => string.Create(CultureInfo.InvariantCulture, $"semantics-{Bus.SemanticsVersion}.txt");

    [Theory]
    [InlineData(0UL)]
    [InlineData(0xFEDCBA9876543210UL)]
    public void A_recorded_log_gives_the_recorded_books(ulong hashSeed)
    {
        if (Environment.GetEnvironmentVariable("KBUS_TEST_RECORD") == "1")
        {
            Record();
        }

        var replica = new Replica(new BusOptions { HashSeed = hashSeed }, static owner => new StubCarrier(owner));
        List<OperationResult> results = [];
        string[] lines = Lines();
        Assert.InRange(lines.Length, 100, 1000);
        foreach (string line in lines)
        {
            string[] parts = line.Split(' ');
            _ = replica.Apply(Convert.FromBase64String(parts[1]), results);
            string digest = replica.Digest().ToString("x32", CultureInfo.InvariantCulture);
            Assert.True(digest == parts[0], $"after entry {replica.Applied} of {Name} the books have digest {digest}, and once had {parts[0]}");
        }

        Assert.True(replica.Books.LastSerial > 50, "enough happens");
    }

    private static string[] Lines()
    {
        using Stream? recorded = typeof(GoldenLogTests).Assembly.GetManifestResourceStream(Name);
        Assert.NotNull(recorded);
        using var reader = new StreamReader(recorded);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static void Record()
    {
        var run = new ReplicasRun(Seed);
        run.Play(Steps);
        string folder = Environment.GetEnvironmentVariable("KBUS_TEST_RECORD_TO") ?? throw new InvalidOperationException("KBUS_TEST_RECORD_TO names the folder of this test.");
        File.WriteAllLines(
            Path.Join(folder, Name),
            run.Entries.Select((e, i) => $"{run.DigestAfter((ulong)i + 1).ToString("x32", CultureInfo.InvariantCulture)} {Convert.ToBase64String(e)}"));
    }
}
