using System.Text;
using CsCheck;

namespace Kbus.Core.Tests;

/// <summary>Which names are legal, and what is wrong with the others.</summary>
public sealed class MessageNameTests
{
    [Theory]
    [InlineData("$.Fred", Errno.None)]
    [InlineData("$.a", Errno.None)]
    [InlineData("$.1a.2.B", Errno.None)]
    [InlineData("$.*", Errno.None)]
    [InlineData("$.%", Errno.None)]
    [InlineData("$.Fred.*", Errno.None)]
    [InlineData("$.Fred.%", Errno.None)]
    [InlineData("", Errno.EBADMSG)]
    [InlineData("$", Errno.EBADMSG)]
    [InlineData("$.", Errno.EBADMSG)]
    [InlineData("$*", Errno.EBADMSG)]
    [InlineData("$%", Errno.EBADMSG)]
    [InlineData("Fred", Errno.EBADMSG)]
    [InlineData(".Fred", Errno.EBADMSG)]
    [InlineData("$Fred", Errno.EBADMSG)]
    [InlineData("$.a*", Errno.EBADMSG)]
    [InlineData("$.*.a", Errno.EBADMSG)]
    [InlineData("$.*.*", Errno.EBADMSG)]
    [InlineData("$..*", Errno.EBADMSG)]
    [InlineData("$.a..*", Errno.EBADMSG)]
    [InlineData("$.a.", Errno.EBADMSG)]
    [InlineData("$..a", Errno.EBADMSG)]
    [InlineData("$.a..b", Errno.EBADMSG)]
    [InlineData("$.a-b", Errno.EBADMSG)]
    [InlineData("$.a_b", Errno.EBADMSG)]
    [InlineData("$.a b", Errno.EBADMSG)]
    [InlineData("$.a\0", Errno.EBADMSG)]
    [InlineData("$.\u00E9", Errno.EBADMSG)]
    public void A_name_is_legal_or_says_why_not(string name, Errno error)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(name);
        Assert.Equal(error, MessageName.CheckBinding(bytes));
        Assert.Equal(error == Errno.None && !MessageName.IsWildcard(bytes), MessageName.IsSendable(bytes));
    }

    [Fact]
    public void Length_is_looked_at_before_grammar()
    {
        byte[] longest = Encoding.ASCII.GetBytes("$." + new string('a', 998));
        Assert.Equal(Errno.None, MessageName.CheckBinding(longest));
        Assert.True(MessageName.IsSendable(longest));
        Assert.Equal(Errno.ENAMETOOLONG, MessageName.CheckBinding([.. longest, (byte)'a']));
        Assert.Equal(Errno.ENAMETOOLONG, MessageName.CheckBinding(new byte[1001]));
        Assert.False(MessageName.IsSendable([.. longest, (byte)'a']));
    }

    [Fact]
    public void The_grammar_is_that_of_the_model_for_all_short_names()
    {
        // Every string of up to six of the characters that matter.
        const string characters = "$.a*%-";
        foreach (int length in Enumerable.Range(0, 7))
        {
            int count = (int)Math.Pow(characters.Length, length);
            for (int i = 0; i < count; i++)
            {
                char[] name = new char[length];
                int rest = i;
                for (int at = 0; at < length; at++)
                {
                    name[at] = characters[rest % characters.Length];
                    rest /= characters.Length;
                }

                AssertAsModel(new string(name));
            }
        }
    }

    [Fact]
    public void The_grammar_is_that_of_the_model_for_random_names()
    {
        Gen.String[Gen.Char["$..aZ09*%_"], 0, 20].Sample(name => AssertAsModel("$." + name));
    }

    private static void AssertAsModel(string name)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(name);
        Assert.True(NaiveBus.IsLegal(name, wildcardAllowed: true) == (MessageName.CheckBinding(bytes) == Errno.None), name);
        Assert.True(NaiveBus.IsLegal(name, wildcardAllowed: false) == MessageName.IsSendable(bytes), name);
    }
}
